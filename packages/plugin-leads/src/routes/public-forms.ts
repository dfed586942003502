import {
  type Context,
  defineRoute,
  NotFound,
  type RouteAccess,
  type RouteDefinition,
  type RouteRequest,
  type Static,
  Type,
  toInstant,
  ValidationFailed,
} from "@corm/core";
import { confirm } from "../actions/confirm.js";
import { submit } from "../actions/submit.js";
import { type CaptureForm, captureForm } from "../entities/capture-form.js";
import { captureSubmission } from "../entities/capture-submission.js";
import { TooManySubmissions } from "../errors.js";
import { captcha } from "../services/captcha.js";
import { readConfirmation } from "../services/confirm-token.js";
import { readAnswers } from "../services/form-answers.js";
import { formSchema } from "../services/form-schema.js";
import { type FormTicket, readForm, signForm } from "../services/form-token.js";
import { wordsOf } from "../services/form-words.js";
import { HONEYPOT, type HoldReason, type ScreenLimits, screen } from "../services/screen.js";
import { addressKey, createTokenBuckets } from "../services/token-buckets.js";
import { readTouch } from "../services/touch.js";
import { confirmedPage, confirmPage, formPage, pageHeaders, thanksPage } from "./form-page.js";

export interface PublicFormOptions extends ScreenLimits {
  readonly maxBodyBytes: number;
  readonly perAddressPerMinute: number;
  readonly perFormPerMinute: number;
}

/** What a form asks is data, and nothing but that is read: anything may come. */
const posted = Type.Record(Type.String(), Type.Unknown());
type Posted = Static<typeof posted>;

/** Beyond this multiple of a limit nothing is kept, not even in quarantine. */
const FLOOD = 10;

/**
 * The public side of capture forms. In an app with several tenants the path names the tenant:
 * `/public/forms/{tenant}~{key}`.
 */
export function publicForms(options: PublicFormOptions): readonly RouteDefinition[] {
  const limits = createLimits(options);
  return [
    defineRoute({
      method: "GET",
      path: "/public/forms/:key",
      permission: "public",
      summary: "A form to fill in: schema and token as JSON, or a page for people (Accept: text/html)",
      handle: (request, access) => show(request, access, options),
    }),
    defineRoute({
      method: "POST",
      path: "/public/forms/:key",
      permission: "public",
      summary: "Submit a form, as JSON or form-encoded",
      body: posted,
      maxBody: options.maxBodyBytes,
      handle: async (request, access) => {
        const place = await findForm(request, access);
        const pressure = limits(place, request.clientAddress);
        return pressure === "flood"
          ? tooMany()
          : take(request, access, place, pressure === "within", options);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/public/forms/:key/confirm",
      permission: "public",
      summary: "The page on which somebody confirms that he has sent a form",
      handle: async (request, access) => {
        const { form } = await findForm(request, access);
        const page = confirmPage(form, actionOf(request), request.query.get("token") ?? "");
        return reply(200, page, pageHeaders(form));
      },
    }),
    defineRoute({
      method: "POST",
      path: "/public/forms/:key/confirm",
      permission: "public",
      summary: "Confirm that one has sent a form, by the token of the mail",
      body: posted,
      maxBody: 16_384,
      handle: confirmed,
    }),
  ];
}

/** The same answer for a link that has run out and for one that never was. */
async function confirmed(request: RouteRequest<Posted>, access: RouteAccess): Promise<Response> {
  const { tenant, ctx, form } = await findForm(request, access);
  const id = readConfirmation(access.tokens, tenant, request.body["token"]);
  const known = id ? await ctx.repo(captureSubmission).first({ where: { id, formId: form.id } }) : null;
  const { status } = known ? await ctx.run(confirm, {}, { id: known.id }) : { status: "lapsed" };
  const holds = status === "accepted";
  if (wantsPage(request.headers))
    return reply(holds ? 200 : 410, confirmedPage(form, holds), pageHeaders(form));
  const words = wordsOf(form.language);
  return json(holds ? 200 : 410, {
    status: holds ? "confirmed" : "expired",
    message: holds ? words.confirmed : words.confirmLate,
  });
}

interface Place {
  readonly tenant: string;
  /** Has the rights of the system: a visitor has none. */
  readonly ctx: Context;
  readonly form: CaptureForm;
}

async function findForm({ params }: RouteRequest, access: RouteAccess): Promise<Place> {
  const [last = "", first] = (params["key"] ?? "").split("~").reverse();
  const tenant = first ?? access.defaultTenant;
  const missing = NotFound({ entity: "form", id: (params["key"] ?? "").slice(0, 64) });
  if (!tenant || !/^[\w.-]{1,64}$/.test(tenant) || !/^[a-z0-9-]{1,63}$/.test(last)) throw missing;
  const ctx = access.forTenant(tenant).asSystem({ capability: "leads.capture", reason: `form ${last}` });
  const form = await ctx.repo(captureForm).first({ where: { key: last, active: true } });
  if (!form) throw missing;
  return { tenant, ctx, form };
}

async function show(
  request: RouteRequest,
  access: RouteAccess,
  options: PublicFormOptions,
): Promise<Response> {
  const { tenant, ctx, form } = await findForm(request, access);
  const issuedAt = ctx.clock.now();
  const ticket: FormTicket = { tenant, form: form.key, submissionId: ctx.newId(), issuedAt };
  const token = signForm(access.tokens, ticket);
  const action = actionOf(request);
  if (wantsPage(request.headers)) {
    const referrer = request.headers.get("referer");
    const touch = readTouch((name) => request.query.get(name) ?? (name === "landing_page" ? referrer : null));
    return reply(200, formPage({ form, action, hidden: { _token: token, ...touch } }), pageHeaders(form));
  }
  return json(200, {
    key: form.key,
    title: form.title,
    intro: form.intro,
    language: form.language,
    submitLabel: form.submitLabel ?? wordsOf(form.language).send,
    fields: form.fields,
    schema: formSchema(form),
    token,
    submissionId: ticket.submissionId,
    /** Show it to no person, and post it empty or not at all. */
    honeypot: HONEYPOT,
    opensAt: toInstant(issuedAt + options.minFillSeconds * 1000),
    expiresAt: toInstant(issuedAt + options.maxFormAgeHours * 3_600_000),
    submit: {
      method: "POST",
      href: action,
      contentTypes: ["application/json", "application/x-www-form-urlencoded"],
    },
  });
}

async function take(
  request: RouteRequest<Posted>,
  access: RouteAccess,
  { tenant, ctx, form }: Place,
  withinRate: boolean,
  options: PublicFormOptions,
): Promise<Response> {
  const { body } = request;
  const page = wantsPage(request.headers);
  const ticket = readForm(access.tokens, body["_token"], { tenant, form: form.key });
  const answers = readAnswers(form.fields, body);
  const screened = screen(
    {
      ticket,
      fields: form.fields,
      answers,
      honeypot: body[HONEYPOT],
      withinRate,
      textLength: Object.values(answers).join("").length,
      now: ctx.clock.now(),
    },
    options,
  );
  const hold = screened ?? (await captchaHold(ctx, form, body["_captcha"], request.clientAddress));
  const own = body["_submission"];
  const touch = readTouch((name) => body[name]);
  try {
    await ctx.run(submit, {
      key: form.key,
      submissionId:
        typeof own === "string" && own !== "" && own.length <= 100
          ? own
          : (ticket?.submissionId ?? ctx.newId()),
      values: answers,
      touch,
      ...(hold ? { hold, clientAddress: addressKey(request.clientAddress) } : {}),
    });
  } catch (error) {
    if (!page || !ValidationFailed.is(error)) throw error;
    const hidden = { _token: String(body["_token"]), ...touch };
    const again = formPage({ form, action: actionOf(request), hidden, typed: answers, issues: error.issues });
    return reply(422, again, pageHeaders(form));
  }
  if (page) return reply(202, thanksPage(form), pageHeaders(form));
  return json(202, {
    status: "received",
    message: form.thanks ?? wordsOf(form.language).thanks,
    redirectUrl: form.redirectUrl,
  });
}

/** A captcha that cannot be asked holds back what came: it is not lost, and let through by nobody. */
async function captchaHold(
  ctx: Context,
  form: CaptureForm,
  token: unknown,
  clientAddress: string | undefined,
): Promise<HoldReason | undefined> {
  if (!form.captcha) return undefined;
  if (typeof token !== "string" || token === "" || token.length > 4_096) return "captcha-failed";
  const port = ctx.optional(captcha);
  const solved = await port?.verify({ token, form: form.key, clientAddress }).catch(() => false);
  return solved ? undefined : "captcha-failed";
}

type Pressure = "within" | "over" | "flood";

/** Counts submissions per visitor and per form, in this process. */
function createLimits(options: PublicFormOptions) {
  const buckets = (perMinute: number) => createTokenBuckets({ capacity: perMinute, perMinute });
  const address = buckets(options.perAddressPerMinute);
  const form = buckets(options.perFormPerMinute);
  const addressFlood = buckets(options.perAddressPerMinute * FLOOD);
  const formFlood = buckets(options.perFormPerMinute * FLOOD);
  return ({ tenant, ctx, form: { id } }: Place, client: string | undefined): Pressure => {
    const now = ctx.clock.now();
    const formKey = `${tenant}/${id}`;
    const clientKey = `${formKey}/${addressKey(client)}`;
    if (!addressFlood.take(clientKey, now) || !formFlood.take(formKey, now)) return "flood";
    // One visitor who is over his limit must not use up the form's.
    return address.take(clientKey, now) && form.take(formKey, now) ? "within" : "over";
  };
}

/** People's browsers ask for HTML by name; programs do not. */
function wantsPage(headers: Headers): boolean {
  const accept = headers.get("accept")?.toLowerCase() ?? "";
  const html = accept.indexOf("text/html");
  const json = accept.indexOf("application/json");
  return html >= 0 && (json < 0 || html < json);
}

/** Where the form posts to: its own path, as the visitor's browser sees it. */
function actionOf({ raw }: RouteRequest): string {
  return new URL(raw.url).pathname;
}

function reply(status: number, body: string, headers: Record<string, string>): Response {
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "cache-control": "no-store",
      vary: "accept",
      "x-content-type-options": "nosniff",
      "referrer-policy": "strict-origin-when-cross-origin",
    },
  });
}

function json(status: number, body: unknown): Response {
  return reply(status, JSON.stringify(body), {
    "content-type": "application/json; charset=utf-8",
    // Forms are for pages of other sites too; no credential takes part.
    "access-control-allow-origin": "*",
  });
}

function tooMany(): Response {
  const { code, title, status, message } = TooManySubmissions({});
  const problem = { type: `https://corm.dev/problems/${code}`, title, status, code, detail: message };
  return reply(status, JSON.stringify(problem), {
    "content-type": "application/problem+json",
    "retry-after": "60",
  });
}
