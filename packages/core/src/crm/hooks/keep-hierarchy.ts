import { defineError } from "../../errors/define-error.js";
import type { HookDefinition } from "../../hooks/define-hook.js";
import { account } from "../entities/account.js";
import { accountAncestor } from "../entities/account-ancestor.js";
import { subordinate } from "../entities/subordinate.js";
import { user } from "../entities/user.js";
import { treeHooks } from "./tree-hooks.js";

export const ManagerCycle = defineError<{ userId: string; managerId: string }>("manager-cycle", {
  status: 422,
  title: "Nobody is his own manager",
  detail: ({ userId, managerId }) =>
    `User ${managerId} is ${managerId === userId ? "the same person" : `below ${userId}`}, and cannot be the manager. Choose another, or move that one first.`,
});

export const AccountCycle = defineError<{ accountId: string; parentId: string }>("account-cycle", {
  status: 422,
  title: "No account belongs to itself",
  detail: ({ accountId, parentId }) =>
    `Account ${parentId} is ${parentId === accountId ? "the same one" : `below ${accountId}`}, and cannot be its parent. Choose another, or move that one first.`,
  issues: ({ accountId, parentId }) => [
    { pointer: "/parentId", code: "account-cycle", message: `${parentId} is ${accountId} or below it` },
  ],
});

/** The hierarchies of managers and of accounts. */
export const keepHierarchy: readonly HookDefinition[] = [
  ...treeHooks({
    entity: user,
    parent: "managerId",
    closure: subordinate,
    above: "managerId",
    below: "userId",
    name: "crm.hierarchy",
    asSystem: (ctx) => ctx.asSystem({ capability: "crm.directory", reason: "hierarchy of managers" }),
    cycle: (userId, managerId) => ManagerCycle({ userId, managerId }),
  }),
  ...treeHooks({
    entity: account,
    parent: "parentId",
    closure: accountAncestor,
    above: "ancestorId",
    below: "accountId",
    name: "crm.accounts",
    asSystem: (ctx) => ctx.asSystem({ capability: "crm.directory", reason: "tree of accounts" }),
    cycle: (accountId, parentId) => AccountCycle({ accountId, parentId }),
  }),
];
