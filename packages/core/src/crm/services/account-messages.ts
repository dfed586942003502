import { defineService } from "../../services/define-service.js";

/** What a user is to be told by a way that only he reads, such as his mailbox. */
export interface AccountMessage {
  readonly kind: "reset" | "invitation";
  readonly tenant: string;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly locale: string | null;
  };
  /** For the link, which leads to a page of the host app; that sends it to `/public/auth/reset` or `…/accept-invitation`. */
  readonly token: string;
  readonly expiresAt: string;
}

/** Delivers such messages: the host app decides how, and what its pages and words are. */
export interface AccountMessages {
  send(message: AccountMessage): Promise<void>;
}

/**
 * Provided by a plugin of the host app.
 *
 * @example
 * provide(accountMessages, (ctx) => ({
 *   send: async ({ user, token }) => sendMail(user.email, `https://crm.example/welcome#${token}`),
 * }))
 */
export const accountMessages = defineService<AccountMessages>("crm.accountMessages");
