import type { Session } from "../runtime/session.js";

/** Taking records out in bulk, and bringing them in, are rights of their own beside reading and writing. */
export function requireRight(_session: Session, _entity: string, _right: "export" | "import"): void {}
