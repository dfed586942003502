import { crmCore, htmlProblems } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { marketing } from "../src/index.js";
import { htmlToText } from "../src/templates/html-to-text.js";
import { renderMessage } from "../src/templates/render.js";
import type { App } from "./support/newsletter.js";

let app: App;
beforeAll(async () => {
  app = await createTestCrm({ plugins: [crmCore(), marketing()] });
});
afterAll(() => app.crm.stop());

let made = 0;
const create = (parts: { readonly html?: string; readonly subject?: string; readonly text?: string }) =>
  app.me.entities.messageTemplate.create({
    name: `Template ${++made}`,
    subject: "Hello",
    html: "<p>Hello</p>",
    ...parts,
  });

describe("a template is refused when it is saved", () => {
  test.each([
    [{ html: "<p>{{ contact.nick }}</p>" }, 'html: "contact" has no field "nick". It has id, '],
    [
      { subject: "{{ person.name }}" },
      'subject: there is no variable "person". There are contact, account, ',
    ],
    [{ html: "{{ contact.lastName" }, "not closed"],
    [{ html: "{% if contact.lastName %}" }, "not closed"],
    [{ text: "{{ contact.lastName | shout }}" }, "undefined filter: shout"],
    [{ html: '{% include "/etc/passwd" %}' }, 'tag "include" not found'],
    [{ html: '{% render "secrets" %}' }, 'tag "render" not found'],
    [{ html: '{% layout "x" %}' }, 'tag "layout" not found'],
    [{ html: "<script>alert(1)</script>" }, "<script> does not belong into mail"],
    [{ html: '<a href="javascript:alert(1)">x</a>' }, 'leads to "javascript:"'],
    [{ html: '<a href=" java&#10;script&colon;alert(1)">x</a>' }, 'leads to "javascript:"'],
    [{ html: '<img src="data:text/html;base64,x">' }, 'leads to "data:"'],
    [{ html: '<p onclick="x()">x</p>' }, "onclick of <p> would run a script"],
    [{ html: "<a href={{ account.website }}>x</a>" }, "put the value into quotes"],
    [{ html: "<p {{ contact.title }}>x</p>" }, "a variable where only attributes may be"],
    [{ html: "<{{ contact.title }}>x" }, "a tag's name must not come from a variable"],
    [{ subject: "One\nTwo" }, "it must be one line"],
  ])("%j", async (parts, words) => {
    await expect(create(parts)).rejects.toMatchObject({ code: "invalid-template", status: 422 });
    await expect(create(parts)).rejects.toThrow(words);
    const good = await create({});
    await expect(app.me.entities.messageTemplate.update(good.id, parts)).rejects.toThrow(words);
  });

  test("but not for what is harmless", async () => {
    const html = `<!doctype html><style>p { color: #333 }</style>
      <a href="https://acme.example/{{ contact.id }}?a=1">x</a> <a href="mailto:us@acme.example">mail</a>
      <a href="{{ account.website }}">site</a> <a href="#top">top</a> 1 < 2
      {% if contact.title %}{{ contact.title | upcase }}{% endif %}{% for word in contact.title %}{{ word }}{% endfor %}`;
    await expect(create({ html })).resolves.toMatchObject({ html });
  });
});

const source = (html: string, subject = "Hello") => ({ subject, html, text: null });
const scope = (contact: object) => ({ contact });

describe("a message", () => {
  test("G61 escapes data, and never evaluates them", async () => {
    const lastName = `<img src=x onerror=alert(1)> {{ 7 | times: 7 }} "'`;
    const { html, text } = await renderMessage(
      source('<p title="{{ contact.lastName }}">{{ contact.lastName | raw }}</p>'),
      scope({ lastName }),
    );
    const escaped = "&lt;img src=x onerror=alert(1)&gt; {{ 7 | times: 7 }} &#34;&#39;";
    expect(html).toBe(`<p title="${escaped}">${escaped}</p>`);
    expect(text).toBe(lastName);
    expect(htmlProblems(html, "message")).toEqual([]);
  });

  test.each([
    "javascript:alert(1)",
    " JaVa\tScRiPt:alert(1)",
    "vbscript:x",
    "data:text/html,x",
    "\u0001javascript:x",
  ])("does not link to %j", async (website) => {
    await expect(
      renderMessage(source('<a href="{{ contact.website }}">x</a>'), scope({ website })),
    ).rejects.toMatchObject({ code: "unsafe-message" });
  });

  test("has no blanks: a variable without a value is named, and may have a fallback", async () => {
    await expect(renderMessage(source("<p>{{ contact.firstName }}</p>"), scope({}))).rejects.toThrow(
      '"contact.firstName" has no value here. Give a fallback: {{ contact.firstName | default: "…" }}.',
    );
    const { html } = await renderMessage(source('{{ contact.firstName | default: "reader" }}'), scope({}));
    expect(html).toBe("reader");
  });

  test("G63 has no forged headers", async () => {
    const lastName = "x\r\nBcc: evil@x.example";
    await expect(
      renderMessage(source("<p>x</p>", "Dear {{ contact.lastName }}"), scope({ lastName })),
    ).rejects.toThrow("line break");
  });

  test.each([
    "{{ contact.constructor.name }}",
    "{{ contact.__proto__ }}",
    "{{ contact.toString }}",
    "{% for i in (1..1000000000) %}{% endfor %}",
    "{% for i in (1..9000) %}{% for j in (1..9000) %}{% for k in (1..9000) %}{% endfor %}{% endfor %}{% endfor %}",
    '{% assign x = "0123456789" %}{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}',
  ])("G62 does not come out of %s", async (html) => {
    await expect(renderMessage(source(html), scope({ lastName: "x" }))).rejects.toMatchObject({
      status: 422,
    });
  });

  test.each([
    '{% assign a = "x,y,z,x,y,z,x,y,z" | split: "," %}{% for i in (1..100000) %}{% assign b = a | sort | reverse | join: "-" %}{% endfor %}',
    "{% for i in (1..1000000) %}{% cycle 'a', 'b' %}{% endfor %}",
  ])("G62 is broken off while everybody waits for %s", async (html) => {
    await expect(renderMessage(source(html), scope({ lastName: "x" }))).rejects.toThrow("more than 40 ms");
  });

  test("is previewed for one person without sending anything", async () => {
    const { entities } = app.me;
    const person = await entities.contact.create({ lastName: "Lovelace", firstName: "Ada" });
    const template = await create({
      html: "<p>Dear {{ contact.firstName }}</p>",
      text: "Dear {{ contact.lastName }}",
    });
    expect(await entities.messageTemplate.preview(template.id, { contactId: person.id })).toEqual({
      subject: "Hello",
      html: "<p>Dear Ada</p>",
      text: "Dear Lovelace",
    });
    expect(await entities.delivery.count()).toBe(0);
  });
});

test("a text part is derived from HTML", () => {
  const html = `<html><head><title>No</title><style>p > a { x: y }</style></head><body><!-- no <b>no</b> -->
    <h1>Fish &amp; chips</h1><p>Two&nbsp;words,<br>a break, <a href="https://acme.example/">acme.example</a>
    and <a href="https://acme.example/x?a=1&amp;b=2">a <b>link</b></a>.</p>
    <ul><li>One</li><li>Two</li></ul><table><tr><td>a</td><td>b</td></tr></table><img alt="A picture" src="x"></body>`;
  expect(htmlToText(html)).toBe(
    `Fish & chips

Two words,
a break, acme.example and a link (https://acme.example/x?a=1&b=2).

- One
- Two

a b

A picture`,
  );
});

test("HTML of any shape is read in linear time", () => {
  for (const piece of ["<", "<!--", "<style>", '<a href="', "<a b", "&#", "&amp", "<p =", "</"]) {
    const html = piece.repeat(200_000 / piece.length);
    const start = performance.now();
    htmlProblems(html, "message");
    htmlToText(html);
    expect(performance.now() - start, piece).toBeLessThan(4_000);
  }
});
