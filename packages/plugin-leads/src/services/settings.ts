import { defineService } from "@corm/core";
import type { ScreenLimits } from "./screen.js";

/** How this app captures, from the plugin's options. */
export interface CaptureSettings extends ScreenLimits {
  /** Fields of a lead that forms may fill. */
  readonly capturable: ReadonlySet<string>;
}

export const captureSettings = defineService<CaptureSettings>("leads.captureSettings");
