import { crmCore, defineRole, grant, user } from "@corm/core";
import { beforeAll, expect, it } from "vitest";
import { folder, paper, vault } from "../access/support/vault.js";
import { onDatabases } from "../support/apps.js";
import { makeScene, type Scene, sameBytes } from "./support.js";

const blindTo = (name: string, right: "none" | "masked") =>
  defineRole({
    name,
    entities: {
      ...grant(user, { read: "all" }),
      ...grant(folder, { read: "all", export: true }),
      ...grant(paper, { read: "all", fields: { folderId: right } }),
    },
  });
const roles = [blindTo("blind", "none"), blindTo("squinting", "masked")];

/** Every place of a request that may name a relation to many. */
const POSITIONS: Readonly<
  Record<string, (call: Ask, relation: string, id: string) => ReturnType<Scene["call"]>>
> = {
  include: (call, name) => call("GET", `/api/folders?include=${name}`),
  "include of one": (call, name, id) => call("GET", `/api/folders/${id}?include=${name}`),
  "include then": (call, name) =>
    call("POST", "/api/folders/query", { body: { include: [name], asOf: "2100-01-01T00:00:00Z" } }),
  ...Object.fromEntries(
    ["some", "none", "every"].map((quantifier) => [
      quantifier,
      (call: Ask, name: string) =>
        call("POST", "/api/folders/query", { body: { where: { [name]: { [quantifier]: { title: "P" } } } } }),
    ]),
  ),
  "in a filter": (call, name) => call("GET", `/api/folders?filter[${name}.some.title]=P`),
  sort: (call, name) => call("GET", `/api/folders?sort=${name}`),
  group: (call, name) =>
    call("POST", "/api/folders/aggregate", { body: { groupBy: [name], measures: { n: { count: true } } } }),
  "count distinct": (call, name) =>
    call("POST", "/api/folders/aggregate", { body: { measures: { m: { countDistinct: name } } } }),
  "measure where": (call, name) =>
    call("POST", "/api/folders/aggregate", {
      body: { measures: { n: { count: true, where: { [name]: { some: { title: "P" } } } } } },
    }),
  "export filter": (call, name) => call("GET", `/api/folders/export?format=csv&filter[${name}.some.title]=P`),
};
type Ask = Scene["call"];

onDatabases({ plugins: [crmCore(), vault()], roles }, (app) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene(app());
    await scene.system.repo(paper).create({ title: "P", folderId: scene.own.id });
  });
  const as =
    (role: string): Ask =>
    (method, path, options) =>
      scene.call(method, path, { ...options, roles: [role] });

  for (const role of ["blind", "squinting"]) {
    it.each(Object.keys(POSITIONS))(
      `C33 what a hidden reference says is not told from its other end (${role}): %s`,
      async (position) => {
        const ask = POSITIONS[position] as (typeof POSITIONS)[string];
        const [hidden, absent] = [
          await ask(as(role), "papers", scene.own.id),
          await ask(as(role), "qqqqqq", scene.own.id),
        ];
        expect(hidden.status).toBe(400);
        const plain = (text: string, name: string) =>
          sameBytes(text, name).replace(/ Did you mean [^?]*\?/, "");
        expect(plain(hidden.text, "papers")).toBe(plain(absent.text, "qqqqqq"));
      },
    );
  }

  it("C33 nor is the relation described to whom it does not exist for", async () => {
    const relations = async (role: string) => {
      const meta = await as(role)("GET", "/api/meta");
      const entities = meta.body["entities"] as { name: string; relations: { name: string }[] }[];
      return entities.find(({ name }) => name === "folder")?.relations.map(({ name }) => name);
    };
    expect(await relations("blind")).not.toContain("papers");
    expect(await relations("squinting")).not.toContain("papers");
    expect(await relations("admin")).toContain("papers");
    const seen = await scene.call("GET", "/api/folders?include=papers", { roles: ["admin"] });
    expect(seen.text).toContain('"title":"P"');
  });
});
