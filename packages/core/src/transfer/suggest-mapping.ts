import type { EntityModel } from "../model/entity-model.js";
import { nearest } from "../util/words.js";
import { NOTES } from "./import-plan.js";

/** Which field a column of a file may be, and why. */
export interface MappingSuggestion {
  readonly column: string;
  /** A field, `price.currency`, or a relation and its key as `account.name`; null where nothing comes near. */
  readonly field: string | null;
  /** 0 to 1: 1 for the very name, 0.9 for another word for it, 0.6 for a likely slip. */
  readonly certainty: number;
  readonly because: "name" | "label" | "synonym" | "similar" | "none";
}

/** What other programs call the fields that CRMs have: keys are field names, words are folded. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  firstName: words("given name, forename, vorname, prénom, prenom, nombre, 名, 名字"),
  lastName: words(
    "surname, family name, nachname, familienname, nom, apellido, apellidos, name, full name, 姓, 姓名",
  ),
  email: words(
    "e-mail, mail, email address, e-mail address, e-mail-adresse, correo, courriel, 邮箱, 电子邮件",
  ),
  phone: words(
    "telephone, tel, phone number, mobile, mobile phone, cell, telefon, telefonnummer, handy, téléphone, teléfono, 电话, 手机",
  ),
  title: words("job title, position, role, titel, funktion, poste, cargo, 职位"),
  birthday: words("birth date, date of birth, dob, geburtstag, geburtsdatum, 生日"),
  name: words(
    "account name, company, company name, organisation, organization, firma, firmenname, entreprise, empresa, 公司, 公司名称",
  ),
  company: words("account name, company name, organisation, organization, firma, 公司"),
  website: words("web, url, web site, homepage, 网站"),
  industry: words("sector, branche, 行业"),
  country: words("land, pays, país, 国家"),
  employees: words("number of employees, employee count, headcount, mitarbeiter, 员工数"),
  externalId: words("id, external id, record id, contact id, account id, customer id, kundennummer, 编号"),
  amount: words("value, deal value, total, betrag, 金额"),
  closeDate: words("expected close, close, closing date, abschlussdatum"),
  "account.name": words(
    "account, account name, company, company name, organisation, organization, firma, firmenname, 公司, 公司名称",
  ),
  "owner.email": words("owner, owner email, assigned to, sales rep, 负责人"),
};

function words(list: string): string[] {
  return list.split(",").map(folded);
}

/** Without case, accents and what stands between words. */
function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]/gu, "");
}

/**
 * A field for each column, the surest columns first, each field once. A proposal to look at: nothing is taken for granted.
 *
 * @param entity as the actor may see it
 * @param columns fields of columns that are known already, such as those of cards
 */
export function suggestMapping(
  entity: EntityModel,
  header: readonly string[],
  columns: Readonly<Record<string, string | null>> = {},
): MappingSuggestion[] {
  const targets = targetsOf(entity);
  const ranked = header.map((column): MappingSuggestion[] => {
    const known = Object.hasOwn(columns, column) ? columns[column] : undefined;
    return known ? [{ column, field: known, certainty: 1, because: "name" }] : candidates(column, targets);
  });
  const taken = new Set<string>();
  const chosen = new Map<number, MappingSuggestion>();
  const order = header.map((_, i) => i).sort((a, b) => best(ranked[b]) - best(ranked[a]) || a - b);
  for (const i of order) {
    const column = header[i] as string;
    const free = (ranked[i] ?? []).find(({ field }) => field !== null && !taken.has(field));
    if (free?.field) taken.add(free.field);
    chosen.set(i, free ?? { column, field: null, certainty: 0, because: "none" });
  }
  return header.map((_, i) => chosen.get(i) as MappingSuggestion);
}

const best = (list: readonly MappingSuggestion[] | undefined): number => list?.[0]?.certainty ?? 0;

interface Target {
  readonly name: string;
  readonly label: string;
}

/** What a column may be: fields that the actor writes, the currencies of money, natural keys of relations. */
function targetsOf(entity: EntityModel): Target[] {
  const fields = entity.inputFields.filter(({ sensitivity }) => sensitivity !== "secret");
  const links = [...entity.relations.values()].flatMap((relation): Target[] => {
    const isOpen = relation.kind === "one" && entity.writable.has(relation.field.name);
    if (!isOpen) return [];
    return ["externalId", "name", "email"].map((key) => ({ name: `${relation.name}.${key}`, label: "" }));
  });
  return [
    ...fields.map(({ name, label }) => ({ name, label })),
    ...fields
      .filter(({ kind }) => kind === "money")
      .map(({ name }) => ({ name: `${name}.currency`, label: `${name} currency` })),
    ...links,
  ];
}

function candidates(column: string, targets: readonly Target[]): MappingSuggestion[] {
  if (NOTES.includes(column)) return [];
  const word = folded(column);
  if (word === "") return [];
  const found: MappingSuggestion[] = [];
  for (const { name, label } of targets) {
    const add = (certainty: number, because: MappingSuggestion["because"]) =>
      found.push({ column, field: name, certainty, because });
    if (column === name) add(1, "name");
    else if (word === folded(name)) add(0.95, "name");
    else if (label !== "" && word === folded(label)) add(0.95, "label");
    else if (SYNONYMS[name]?.includes(word)) add(0.9, "synonym");
    else if (word.length > 4 && nearest(word, [folded(name)]) !== undefined) add(0.6, "similar");
  }
  return found.sort((a, b) => b.certainty - a.certainty);
}
