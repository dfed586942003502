import { defineService, type MailParty } from "@corm/core";
import type { ScreenLimits } from "./screen.js";

/** How this app captures, from the plugin's options. */
export interface CaptureSettings extends ScreenLimits {
  /** Fields of a lead that forms may fill. */
  readonly capturable: ReadonlySet<string>;
  /** Whether somebody who is a contact already becomes a lead once more. */
  readonly leadsFromContacts: boolean;
  /** From whom and with which address people are asked to confirm; undefined where nobody can be. */
  readonly confirmation: { readonly from: MailParty; readonly publicUrl: string } | undefined;
}

export const captureSettings = defineService<CaptureSettings>("leads.captureSettings");
