import { type Calendars, type Context, defineService } from "@corm/core";

/** How this app serves, from the plugin's options. */
export interface ServiceSettings {
  /** Days after which a resolved ticket is not opened again by mail. */
  readonly reopenDays: number;
  /** Bytes; longer mail is held back. */
  readonly maxMailBytes: number;
  /** Of one sender; what comes beyond is held back. */
  readonly maxMailsPerHour: number;
  readonly calendars: Calendars;
}

export const serviceSettings = defineService<ServiceSettings>("service.settings");

export const settingsOf = (ctx: Context): ServiceSettings => ctx.service(serviceSettings);
