import type { JobHandle } from "@corm/core";

export interface PerformInput {
  readonly runId: string;
  readonly round: number;
  readonly kind: string;
}
export const PERFORM: JobHandle<PerformInput> = { name: "workflow.perform" };
