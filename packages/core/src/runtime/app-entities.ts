import type { Repository } from "../context/repository.js";
import type { Composition } from "../plugin/compose.js";
import type { Session } from "./session.js";

export type AppEntities = Readonly<Record<string, Repository<unknown, unknown>>>;

type EntitiesClass = new (session: Session) => AppEntities;

const classes = new WeakMap<Composition, EntitiesClass>();

/** `session.entities`: repositories by name, each made when first used. The getters are made once per app. */
export function appEntities(session: Session): AppEntities {
  const { composition } = session.runtime;
  let Entities = classes.get(composition);
  if (!Entities) {
    Entities = entitiesClass(composition);
    classes.set(composition, Entities);
  }
  return new Entities(session);
}

function entitiesClass(composition: Composition): EntitiesClass {
  class Entities {
    readonly #session: Session;

    constructor(session: Session) {
      this.#session = session;
    }

    static {
      for (const name of composition.entities.keys()) {
        Object.defineProperty(Entities.prototype, name, {
          enumerable: true,
          get(this: Entities) {
            return this.#session.repoOf(name);
          },
        });
      }
    }
  }
  return Entities as unknown as EntitiesClass;
}
