import { TransactionAborted, UniqueViolation, ValidationFailed } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { box } from "../support/toys.js";

const { program, plugin } = programmable();
const oops = () => {
  throw new Error("oops");
};

onDatabases({ plugins: [plugin] }, (app) => {
  describe("a transaction", () => {
    it("is all or nothing", async () => {
      const me = app().fresh();
      await expect(
        me.transaction(async (tx) => {
          const made = await tx.entities.box.create({ label: "one" });
          await tx.entities.thing.create({ title: "in it", boxId: made.id });
          oops();
        }),
      ).rejects.toThrow("oops");
      expect(await Promise.all([me.entities.box.count(), me.entities.thing.count()])).toEqual([0, 0]);
      expect(await me.transaction(async () => "answer")).toBe("answer");
    });

    it("joins the one it is called in", async () => {
      const me = app().fresh();
      await expect(
        me.transaction(async (tx) => {
          await tx.transaction(async (inner) => inner.entities.box.create({ label: "one" }));
          expect(await tx.entities.box.count()).toBe(1);
          oops();
        }),
      ).rejects.toThrow("oops");
      expect(await me.entities.box.count()).toBe(0);
    });

    it("cannot be kept in part: a nested one that failed after writing dooms the outer one", async () => {
      const me = app().fresh();
      const half = me.transaction(async (tx) => {
        await tx.entities.box.create({ label: "outer" });
        await tx
          .transaction(async (inner) => {
            await inner.savepoint((deeper) => deeper.entities.box.create({ label: "half" }));
            oops();
          })
          .catch(() => {});
        return "committed";
      });
      await expect(half).rejects.toSatisfy(TransactionAborted.is);
      expect(await me.entities.box.count()).toBe(0);
      // Nothing was written: nothing is half.
      await me.transaction(async (tx) => {
        await tx.transaction(async () => oops()).catch(() => {});
        await tx.entities.box.create({ label: "whole" });
      });
      expect(await me.entities.box.count()).toBe(1);
    });
  });

  describe("a failed write", () => {
    it("dooms its transaction, whoever catches the error", async () => {
      const me = app().fresh();
      await me.entities.box.create({ label: "taken" });
      const stubborn = me.transaction(async (tx) => {
        await tx.entities.box.create({ label: "before" });
        await expect(tx.entities.box.create({ label: "taken" })).rejects.toSatisfy(UniqueViolation.is);
        await expect(tx.entities.box.count()).rejects.toSatisfy(TransactionAborted.is);
        await expect(tx.entities.box.create({ label: "after" })).rejects.toThrowError(
          /^box\.create failed in this transaction.*tx\.savepoint\(\)/,
        );
        return "committed";
      });
      await expect(stubborn).rejects.toSatisfy(TransactionAborted.is);
      expect((await me.entities.box.find()).items.map(({ label }) => label)).toEqual(["taken"]);
    });

    it("dooms it when a hook failed after it", async () => {
      const me = app().fresh();
      program.afterCreate = oops;
      const stubborn = me.transaction(async (tx) => {
        await tx.entities.thing.create({ title: "half" }).catch(() => {});
        await tx.entities.box.create({ label: "after" }).catch(() => {});
      });
      await expect(stubborn).rejects.toSatisfy(TransactionAborted.is);
      expect(await me.entities.thing.count()).toBe(0);
    });

    it("does not where it was refused before it began", async () => {
      const me = app().fresh();
      const id = "00000000-0000-7000-8000-00000000dead";
      await me.transaction(async (tx) => {
        await expect(tx.entities.box.update(id, { label: "x" })).rejects.toMatchObject({ code: "not-found" });
        await expect(tx.entities.box.create({ lable: "x" } as never)).rejects.toMatchObject({
          code: "unknown-field",
        });
        await expect(tx.entities.box.create({ label: "" })).rejects.toSatisfy(ValidationFailed.is);
        const made = await tx.entities.box.create({ label: "one" });
        await expect(tx.entities.box.update(made.id, { label: "x" }, { version: 9 })).rejects.toMatchObject({
          code: "version-conflict",
        });
        await tx.entities.box.create({ label: "two" });
      });
      expect(await me.entities.box.count()).toBe(2);
    });

    it("dooms only its savepoint", async () => {
      const me = app().fresh();
      await me.entities.box.create({ label: "taken" });
      const kept = await me.transaction(async (tx) => {
        const tries = [];
        for (const label of ["first", "taken", "second"]) {
          tries.push(
            await tx
              .savepoint(async (inner) => {
                await inner.entities.box.create({ label: `${label} companion` });
                return inner.entities.box.create({ label });
              })
              .then(
                () => "kept",
                () => "lost",
              ),
          );
        }
        return tries;
      });
      expect(kept).toEqual(["kept", "lost", "kept"]);
      const labels = (await me.entities.box.find({ orderBy: ["label"] })).items.map(({ label }) => label);
      expect(labels).toEqual(["first", "first companion", "second", "second companion", "taken"]);
    });

    it("caught inside a savepoint loses that savepoint and no more", async () => {
      const me = app().fresh();
      await me.entities.box.create({ label: "taken" });
      await me.transaction(async (tx) => {
        await tx.entities.box.create({ label: "outer" });
        const inner = tx.savepoint(async (sp) => {
          await sp.entities.box.create({ label: "inner" });
          await sp.entities.box.create({ label: "taken" }).catch(() => {});
        });
        await expect(inner).rejects.toSatisfy(TransactionAborted.is);
      });
      expect(await me.entities.box.count()).toBe(2);
    });

    it("in a savepoint of a hook can be survived by the hook", async () => {
      const me = app().fresh();
      await me.entities.box.create({ label: "taken" });
      program.afterCreate = async (_, ctx) => {
        await ctx.savepoint((inner) => inner.repo(box).create({ label: "taken" })).catch(() => {});
        await ctx.repo(box).create({ label: "instead" });
      };
      await me.entities.thing.create({ title: "A" });
      expect(await me.entities.box.count()).toBe(2);
    });
  });

  it("forgets what a savepoint took back", async () => {
    const me = app().fresh();
    await me.transaction(async (tx) => {
      let id = "";
      await tx
        .savepoint(async (inner) => {
          id = (await inner.entities.box.create({ label: "gone" })).id;
          await inner.entities.thing.create({ title: "in it", boxId: id });
          oops();
        })
        .catch(() => {});
      const orphan = tx.savepoint((inner) => inner.entities.thing.create({ title: "orphan", boxId: id }));
      await expect(orphan).rejects.toMatchObject({ issues: [{ code: "reference-not-found" }] });
    });
  });

  it("outside of one, a savepoint is one", async () => {
    const me = app().fresh();
    await expect(
      me.savepoint(async (tx) => {
        await tx.entities.box.create({ label: "one" });
        oops();
      }),
    ).rejects.toThrow("oops");
    expect(await me.entities.box.count()).toBe(0);
  });

  it("works as the system in the same transaction", async () => {
    const me = app().fresh();
    await me.transaction(async (tx) => {
      const system = tx.asSystem({ reason: "bookkeeping" });
      expect(system.actor).toEqual({ kind: "system", reason: "bookkeeping" });
      expect(system.tenant).toBe(tx.tenant);
      await system.entities.box.create({ label: "by the system" });
      expect(await tx.entities.box.count()).toBe(1);
    });
  });

  it("gives up when the caller has hung up", async () => {
    const caller = new AbortController();
    const actor = { kind: "user", id: "u" } as const;
    const me = app().crm.as({ actor, tenant: "hung-up", roles: ["admin"], signal: caller.signal });
    const work = me.transaction(async (tx) => {
      await tx.entities.box.create({ label: "one" });
      caller.abort(new Error("hung up"));
      await tx.entities.box.create({ label: "two" });
    });
    await expect(work).rejects.toThrow("hung up");
    expect(await app().inTenant("hung-up").entities.box.count()).toBe(0);
  });
});
