import type { Abortable } from "../../util/abortable.js";
import type { BoundStorage, Capabilities, ReadReplicas, SchemaManager, StorageAdapter } from "../adapter.js";
import type { PhysicalSchema } from "../physical-schema.js";
import { Bound } from "./bound.js";
import { Catalog } from "./catalog.js";
import { Compiler } from "./compiler.js";
import type { Dialect } from "./dialects/dialect.js";
import { type SchemaTools, schemaManager } from "./schema/manager.js";
import type { Engine } from "./statement.js";
import { checkReach } from "./tenant-guard.js";
import { type Translate, translator } from "./translate-error.js";

export interface AdapterParts {
  readonly dialect: Dialect;
  readonly connect: (translate: Translate) => Promise<Engine>;
  readonly schema: SchemaTools;
  readonly replicas?: ReadReplicas | undefined;
}

/** Puts dialect, engine and schema tools of one database together. */
export class KnexStorage extends Bound implements StorageAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly schema: SchemaManager;
  readonly replicas: ReadReplicas | undefined;
  private connecting: Promise<Engine> | undefined;

  constructor(private readonly parts: AdapterParts) {
    super({}, undefined);
    this.name = parts.dialect.engine;
    this.capabilities = parts.dialect.capabilities;
    this.replicas = parts.replicas;
    this.schema = schemaManager(
      parts.schema,
      () => this.connected(),
      (error, doing) => this.translate(error, doing),
    );
  }

  async open(physical: PhysicalSchema): Promise<void> {
    const engine = await this.connected();
    await engine.verify?.();
    const { dialect } = this.parts;
    this.handle.compiler = new Compiler(dialect, new Catalog(physical, dialect.quote));
  }

  async close(): Promise<void> {
    const closing = this.connecting;
    this.connecting = undefined;
    await (await closing)?.close();
  }

  async scrub(): Promise<void> {
    await (await this.connected()).scrub?.();
  }

  async ping(): Promise<void> {
    await (await this.connected()).ping();
  }

  forTenant(tenant: string, signal?: Abortable): BoundStorage {
    return new Bound(this.handle, checkReach({ tenant }), signal);
  }

  acrossTenants(reason: string): BoundStorage {
    return new Bound(this.handle, checkReach({ acrossTenants: reason }));
  }

  private translate(error: unknown, doing?: Parameters<Translate>[1]): Error {
    return translator(this.parts.dialect, this.handle.compiler?.catalog)(error, doing);
  }

  /** The schema can be inspected and changed before the adapter is opened with the result. */
  private async connected(): Promise<Engine> {
    this.connecting ??= this.parts.connect((error, doing) => this.translate(error, doing));
    try {
      this.handle.engine = await this.connecting;
      return this.handle.engine;
    } catch (error) {
      this.connecting = undefined;
      throw error;
    }
  }
}
