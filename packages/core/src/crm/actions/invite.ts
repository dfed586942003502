import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import { instant } from "../../schema/field.js";
import { user } from "../entities/user.js";
import { inviteUser } from "../services/user-tokens.js";

export const INVITE_USERS = "user.invite";

export const invite = defineAction({
  name: "invite",
  on: user,
  label: "Invite a user",
  description: "Sends a link by which the user chooses a password. It holds for a week.",
  permission: INVITE_USERS,
  input: Type.Object({}),
  output: Type.Object({ expiresAt: instant() }),
  run: ({ record }, ctx) => inviteUser(ctx, record.id),
});
