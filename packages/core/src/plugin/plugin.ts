import type { Restriction } from "../access/define-role.js";
import type { AccessDirectory } from "../access/directory.js";
import type { AnyAction } from "../actions/define-action.js";
import type { Identity } from "../context/context.js";
import type { AnyEntity } from "../entity/entity.js";
import type { AnyExtension } from "../entity/extend-entity.js";
import type { EventDefinition } from "../events/define-event.js";
import type { HookDefinition } from "../hooks/define-hook.js";
import type { AnyJob } from "../jobs/define-job.js";
import type { ScheduleDefinition } from "../jobs/define-schedule.js";
import type { JobSubject } from "../jobs/job-engine.js";
import type { MetricDefinition } from "../metrics/define-metric.js";
import type { PersonalData } from "../privacy/define-personal-data.js";
import type { RouteDefinition } from "../routes/define-route.js";
import type { ServiceProvider } from "../services/define-service.js";
import type { SubscriberDefinition } from "../subscribers/define-subscriber.js";
import type { ProfileDimension } from "../timeline/define-profile-dimension.js";
import type { TimelineSource } from "../timeline/define-timeline-source.js";
import type { CrmHandle } from "./crm-handle.js";
import type { Contribution } from "./extension-points.js";

/** What a plugin contributes. `setup` answers it; nothing runs before all plugins are composed and checked. */
export interface PluginParts {
  readonly entities?: Readonly<Record<string, AnyEntity>>;
  readonly extends?: Readonly<Record<string, AnyExtension>>;
  readonly actions?: Readonly<Record<string, AnyAction>>;
  readonly hooks?: readonly HookDefinition[];
  readonly services?: readonly ServiceProvider[];
  readonly routes?: readonly RouteDefinition[];
  /** Events that the plugin emits. */
  // biome-ignore lint/suspicious/noExplicitAny: events of any payload.
  readonly events?: readonly EventDefinition<any>[];
  /** Work that happens later. */
  readonly jobs?: readonly AnyJob[];
  /** When jobs are made again and again. */
  readonly schedules?: readonly ScheduleDefinition[];
  /** Readers of the journal that workers run, in every tenant. */
  readonly subscribers?: readonly SubscriberDefinition[];
  /** What it adds to extension points of other plugins, or of its own. */
  readonly contributes?: readonly Contribution[];
  /**
   * What whoever made a job may do by now, asked when it runs: null where he may do nothing any more, undefined where the
   * plugin does not know him. One plugin of an app says so.
   */
  readonly principal?: (
    crm: CrmHandle,
    tenant: string,
    subject: JobSubject,
  ) => Promise<Identity | null | undefined>;
  readonly metrics?: readonly MetricDefinition[];
  /** Whom the records of its entities are about. */
  readonly privacy?: readonly PersonalData[];
  /** Which records stand on the timelines of which others. */
  readonly timeline?: readonly TimelineSource[];
  /** What profiles of records tell beside that. */
  readonly profile?: readonly ProfileDimension[];
  /** Permissions with what they allow, in words. */
  readonly permissions?: Readonly<Record<string, string>>;
  /** What nobody sees without a permission, whatever his role reaches. */
  readonly restrictions?: readonly Restriction[];
  /**
   * What the plugin does with the rights of the system, by name, such as `{ "leads.capture": "Takes in leads from public
   * forms" }`: what `asSystem` and `crm.system` take.
   */
  readonly capabilities?: Readonly<Record<string, string>>;
  /** Where teams, managers and shares are kept; one plugin of an app says so. */
  readonly directory?: AccessDirectory;
  /** Tables or columns that the plugin no longer declares and whose data is kept: `lead` or `lead.score`. */
  readonly retired?: readonly string[];
  /** Runs once the schema is in place, in plugin order. */
  readonly start?: (crm: CrmHandle) => Promise<void>;
  /** Runs on `crm.stop()`, in reverse order. */
  readonly stop?: (crm: CrmHandle) => Promise<void>;
  /**
   * What `GET /readyz` asks beside the database, by name: null where all is well, else why not, in words that anybody
   * may read. Cheap, since probes come every few seconds; three seconds are too long.
   */
  readonly ready?: Readonly<Record<string, (crm: CrmHandle) => Promise<string | null>>>;
}

/** The part of a plugin that shows in the type of an app. */
export interface PluginTypes {
  readonly entities: object;
  readonly extends: object;
  readonly actions: object;
}

export interface PluginManifest {
  readonly name: string;
  readonly version: string;
  /** Versions of core that it works with, as an npm range. */
  readonly corm: string;
  /** Plugins that must be present, with the range of their versions. Loaded before. */
  readonly requires: Readonly<Record<string, string>>;
  /** Plugins that are loaded before, and whose range is checked, where present. */
  readonly optional: Readonly<Record<string, string>>;
}

/** A configured plugin, ready for `createCrm({ plugins: [...] })`. */
export interface Plugin<Types extends PluginTypes = PluginTypes> extends PluginManifest {
  readonly parts: PluginParts;
  readonly "~plugin"?: Types;
}

// biome-ignore lint/suspicious/noExplicitAny: a plugin of any types.
export type AnyPlugin = Plugin<any>;
