import type { Context, JobHandle } from "@corm/core";

/** The session in which invitations are kept. */
export const invitationBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "sales.invitations", reason: "keep the guests of an activity" });

export const isInvitationWrite = ({ actor }: Context): boolean =>
  actor.kind === "system" && actor.capability === "sales.invitations";

export const MAIL_INVITATION: JobHandle<{ invitationId: string; sequence: number }> = {
  name: "sales.mailInvitation",
};
