import { recordShare, team, user } from "@corm/core";
import { expect, it } from "vitest";
import { folder, paper } from "../access/support/vault.js";
import { onDatabases } from "../support/apps.js";
import { makeScene, plugins, restrictions, roles, sameBytes } from "./support.js";

const NOBODY = "019b0000-0000-7000-8000-00000000dead";

onDatabases({ plugins, roles, restrictions }, (app) => {
  it("B13 a hidden record answers like one that does not exist, byte for byte", async () => {
    const { call, foreign, untouched } = await makeScene(app());
    const [hidden, absent] = await untouched(() =>
      Promise.all([foreign.id, NOBODY].map((id) => call("GET", `/api/folders/${id}`))),
    );
    expect([hidden?.status, absent?.status]).toEqual([404, 404]);
    expect(sameBytes(hidden?.text ?? "", foreign.id)).toBe(sameBytes(absent?.text ?? "", NOBODY));
  });

  it("B14 changes, deletes and restores of a hidden record are 404 and write nothing", async () => {
    const { call, foreign, untouched, system, as } = await makeScene(app());
    await untouched(async () => {
      expect((await call("PATCH", `/api/folders/${foreign.id}`, { body: { name: "x" } })).status).toBe(404);
      expect((await call("DELETE", `/api/folders/${foreign.id}`)).status).toBe(404);
    });
    await system.repo(folder).delete(foreign.id);
    await untouched(async () => {
      expect((await call("POST", `/api/folders/${foreign.id}/restore`)).status).toBe(404);
      await expect(as("u1", "rep").repo(folder).restore(foreign.id)).rejects.toThrow(/There is no folder/);
    });
  });

  it("B15 a record that may be read and not changed is 403, and stays", async () => {
    const { call, foreign, untouched } = await makeScene(app());
    await untouched(async () => {
      const asReader = { roles: ["reader"] };
      expect((await call("GET", `/api/folders/${foreign.id}`, asReader)).status).toBe(200);
      const patch = await call("PATCH", `/api/folders/${foreign.id}`, { ...asReader, body: { name: "x" } });
      expect([patch.status, patch.body["code"]]).toEqual([403, "forbidden"]);
      expect((await call("DELETE", `/api/folders/${foreign.id}`, asReader)).status).toBe(403);
      // Reading by one role does not become changing by another one's own reach.
      const both = { roles: ["reader", "rep"] };
      expect(
        (await call("PATCH", `/api/folders/${foreign.id}`, { ...both, body: { name: "x" } })).status,
      ).toBe(403);
    });
  });

  it("B17 a batch of own and foreign ids changes none of them", async () => {
    const { as, own, foreign, untouched } = await makeScene(app());
    await untouched(async () => {
      const changes = [own, foreign].map(({ id }) => ({ id, patch: { name: `new ${id}` } }));
      await expect(as("u1", "rep").repo(folder).updateMany(changes)).rejects.toThrow(/There is no folder/);
      await expect(as("u1", "rep").repo(folder).deleteMany([own.id, foreign.id])).rejects.toThrow(
        /There is no/,
      );
    });
  });

  it("B17 what a condition finds is changed within reach only", async () => {
    const { as, system, foreign } = await makeScene(app());
    expect(await as("u1", "rep").repo(folder).updateWhere({}, { teamId: null })).toBe(1);
    expect(
      await as("u1", "rep")
        .repo(folder)
        .updateWhere({ name: { contains: "o" } }, { name: "renamed" }),
    ).toBe(1);
    expect((await system.repo(folder).get(foreign.id)).name).toBe("foreign");
  });

  it("B18 giving a record away, or to a team, needs the right to transfer", async () => {
    const { call, own, people, system, untouched, as } = await makeScene(app());
    const teams = (await system.repo(team).find()).items;
    await untouched(async () => {
      for (const body of [{ ownerId: people.u2 }, { ownerId: null }, { teamId: teams[0]?.id }]) {
        const { status } = await call("PATCH", `/api/folders/${own.id}`, { body });
        expect(status).toBe(403);
      }
      // Nor is one created for somebody else.
      expect(
        (await call("POST", "/api/folders", { body: { name: "gift", ownerId: people.u2 } })).status,
      ).toBe(403);
    });
    const handed = await as("m1", "manager").repo(folder).update(own.id, { ownerId: people.u2 });
    expect(handed.ownerId).toBe(people.u2);
    await expect(as("m1", "manager").repo(folder).get(own.id)).rejects.toThrow(/There is no folder/);
  });

  it("B18 who creates for himself alone owns what he creates", async () => {
    const { call, people } = await makeScene(app());
    const made = await call("POST", "/api/folders", { body: { name: "mine" } });
    expect([made.status, made.body["ownerId"]]).toEqual([201, people.u1]);
  });

  it("B19 a reference to a hidden record is refused like one to none", async () => {
    const { call, foreign, own, untouched } = await makeScene(app());
    await untouched(async () => {
      const [hidden, absent] = await Promise.all(
        [foreign.id, NOBODY].map((folderId) =>
          call("POST", "/api/papers", { body: { title: "x", folderId } }),
        ),
      );
      expect(hidden?.status).toBe(422);
      expect(sameBytes(hidden?.text ?? "", foreign.id)).toBe(sameBytes(absent?.text ?? "", NOBODY));
    });
    expect((await call("POST", "/api/papers", { body: { title: "x", folderId: own.id } })).status).toBe(201);
  });

  it("B21 a manager sees his branch, and no longer what has left it, at once", async () => {
    const { as, own, people, system } = await makeScene(app());
    const manager = as("m1", "manager");
    expect((await manager.repo(folder).get(own.id)).id).toBe(own.id);
    // Two levels down as well.
    const deep = await system.repo(user).create({ name: "U3", managerId: people.u1 });
    const hers = await system.repo(folder).create({ name: "deep", ownerId: deep.id });
    expect((await manager.repo(folder).find()).items.map((row) => row.id).sort()).toEqual(
      [own.id, hers.id].sort(),
    );
    await system.repo(user).update(people.u1, { managerId: people.u2 });
    expect((await manager.repo(folder).find()).items).toEqual([]);
    await expect(manager.repo(folder).get(own.id)).rejects.toThrow(/There is no folder/);
    // Nobody comes to stand below himself.
    await expect(system.repo(user).update(people.u2, { managerId: deep.id })).rejects.toThrow(
      /cannot be the manager/,
    );
    await system.repo(user).purge(people.u1);
    expect(await system.repo(user).get(deep.id)).toMatchObject({ managerId: null });
    expect((await as("u2", "manager").repo(folder).find()).items.map((row) => row.name)).toEqual(["foreign"]);
  });

  it("B23 a restriction beats ownership, shares and the administrator, but for the role it excepts", async () => {
    const { as, own, people, system, untouched } = await makeScene(app());
    await system.repo(folder).update(own.id, { vip: true });
    await system
      .repo(recordShare)
      .create({ entity: "folder", recordId: own.id, userId: people.u1, level: "edit" });
    await untouched(async () => {
      for (const role of ["rep", "admin"]) {
        await expect(as("u1", role).repo(folder).get(own.id)).rejects.toThrow(/There is no folder/);
        await expect(as("u1", role).repo(folder).update(own.id, { name: "x" })).rejects.toThrow(
          /There is no/,
        );
      }
    });
    expect((await as("u1", "rep", "vipDesk").repo(folder).get(own.id)).id).toBe(own.id);
    // Nor is a record carried behind one.
    await system.repo(folder).update(own.id, { vip: false });
    await untouched(() =>
      expect(as("u1", "rep").repo(folder).update(own.id, { vip: true })).rejects.toThrow(/do not allow/),
    );
  });

  it("B24 an entity that no role names is closed by every door", async () => {
    const { call, untouched, as } = await makeScene(app());
    await untouched(async () => {
      const asked = { roles: ["reader"] };
      expect((await call("GET", "/api/papers", asked)).status).toBe(403);
      expect((await call("GET", `/api/papers/${NOBODY}`, asked)).status).toBe(403);
      expect((await call("POST", "/api/papers/query", { ...asked, body: {} })).status).toBe(403);
      expect((await call("POST", "/api/papers", { ...asked, body: { title: "x" } })).status).toBe(403);
      const n = { measures: { n: { count: true } } };
      expect((await call("POST", "/api/papers/aggregate", { ...asked, body: n })).status).toBe(403);
      expect((await call("GET", "/api/papers/export?format=csv", asked)).status).toBe(403);
      expect((await call("GET", "/api/folders?include=papers", asked)).body["code"]).toBe("unknown-field");
      expect((await call("GET", "/api/folders", { roles: [] })).status).toBe(403);
      expect(() => as("u1", "nobody").repo(folder)).toThrow(/no role "nobody"/);
    });
  });

  it("B25 what hangs on a hidden record is hidden by every path", async () => {
    const { call, own, foreign, system, people, as } = await makeScene(app());
    const [visible, hidden] = await system.repo(paper).createMany([
      { title: "in mine", folderId: own.id, ownerId: people.m1 },
      { title: "in his", folderId: foreign.id, ownerId: people.m1 },
    ]);
    expect((await call("GET", `/api/papers/${visible?.id}`)).status).toBe(200);
    expect((await call("GET", `/api/papers/${hidden?.id}`)).status).toBe(404);
    const list = await call("GET", "/api/papers");
    expect((list.body["data"] as unknown[]).length).toBe(1);
    expect(await as("u1", "rep").repo(paper).count()).toBe(1);
    expect((await call("GET", "/api/papers?search=his")).body["data"]).toEqual([]);
    // The parent goes out of reach, and so does the paper.
    await system.repo(folder).update(own.id, { ownerId: people.u2 });
    expect((await call("GET", `/api/papers/${visible?.id}`)).status).toBe(404);
  });

  it("B27 a conditional request tells nothing of a hidden record", async () => {
    const { call, foreign } = await makeScene(app());
    for (const tag of ["*", '"v1"', 'W/"v1"']) {
      const answer = await call("GET", `/api/folders/${foreign.id}`, { headers: { "if-none-match": tag } });
      expect(answer.status).toBe(404);
    }
  });

  it("shares open a record as far as they say, to users, teams and roles, and end at once", async () => {
    const { as, own, foreign, people, system, untouched } = await makeScene(app());
    const me = as("u1", "rep").repo(folder);
    const share = await system
      .repo(recordShare)
      .create({ entity: "folder", recordId: foreign.id, userId: people.u1 });
    expect((await me.get(foreign.id)).name).toBe("foreign");
    await untouched(() => expect(me.update(foreign.id, { name: "x" })).rejects.toThrow(/do not allow/));
    await system.repo(recordShare).update(share.id, { level: "edit" });
    await me.update(foreign.id, { name: "changed" });
    await system.repo(recordShare).delete(share.id);
    await expect(me.get(foreign.id)).rejects.toThrow(/There is no folder/);
    for (const to of [
      { role: "rep" },
      { teamId: (await system.repo(team).first({ where: { name: "A" } }))?.id },
    ]) {
      const given = await system
        .repo(recordShare)
        .create({ entity: "folder", recordId: foreign.id, ...to } as never);
      expect((await me.get(foreign.id)).name).toBe("changed");
      await system.repo(recordShare).delete(given.id);
    }
    // Only who may share a record shares it, and a record that he sees.
    const manager = as("m1", "manager");
    await manager.repo(recordShare).create({ entity: "folder", recordId: own.id, userId: people.u2 });
    await untouched(async () => {
      const hidden = { entity: "folder", recordId: foreign.id, userId: people.m1 };
      const shouted = { ...hidden, recordId: foreign.id.toUpperCase() };
      await expect(manager.repo(recordShare).create(shouted)).rejects.toThrow(/There is no folder/);
      await expect(manager.repo(recordShare).create(hidden)).rejects.toThrow(/There is no folder/);
      await expect(
        as("u1", "rep")
          .repo(recordShare)
          .create({ ...hidden, recordId: own.id }),
      ).rejects.toThrow(/do not allow/);
    });
    for (const recordId of ["nonsense", "", 7]) {
      const broken = { entity: "folder", recordId, userId: people.u2 } as never;
      await untouched(() =>
        expect(manager.repo(recordShare).create(broken)).rejects.toThrow(/recordId|There is no folder/),
      );
    }
    expect(await manager.can("share", folder, "nonsense")).toBe(false);
    expect(await manager.explainAccess(folder, "nonsense", "read")).toMatchObject({ exists: false });
    await system.repo(folder).purge(own.id);
    expect(await system.repo(recordShare).count({ recordId: own.id })).toBe(0);
  });

  it("explains who reaches a record, and why not", async () => {
    const { as, own, foreign } = await makeScene(app());
    expect(await as("m1", "manager").explainAccess(folder, own.id, "update")).toEqual({
      allowed: true,
      exists: true,
      paths: [
        { role: "manager", reach: "subtree", holds: true, because: "is owned by somebody below the actor" },
      ],
      restrictedBy: [],
    });
    expect(await as("u1", "rep").explainAccess(folder, foreign.id, "read")).toMatchObject({
      allowed: false,
      exists: true,
    });
    expect(await as("u1", "rep").can("update", folder, own.id)).toBe(true);
    expect(await as("u1", "rep").can("purge", folder)).toBe(false);
  });
});
