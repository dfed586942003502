import { defineService } from "@corm/core";

export interface CaptchaQuestion {
  /** What the browser got for solving it: posted as `_captcha`. */
  readonly token: string;
  /** Key of the form. */
  readonly form: string;
  readonly clientAddress: string | undefined;
}

/** Asks whoever keeps the captcha whether a person solved it. The app, or a plugin, provides it; none comes with Corm. */
export interface Captcha {
  verify(question: CaptchaQuestion): Promise<boolean>;
}

export const captcha = defineService<Captcha>("leads.captcha");
