import { before, each } from "@corm/core";
import { type Ticket, type TicketInput, ticket } from "../entities/ticket.js";

/** Whether a response came in time; null where there is none, or no time was set. */
export function answeredInTime(
  respondedAt: string | null | undefined,
  dueAt: string | null | undefined,
): boolean | null {
  const [responded, due] = [Date.parse(respondedAt ?? ""), Date.parse(dueAt ?? "")];
  return Number.isNaN(responded) || Number.isNaN(due) ? null : responded <= due;
}

/** The instants that follow from a status, unless the same write states them. */
export function stampStatus(values: Partial<TicketInput>, status: Ticket["status"], now: string): void {
  if (status === "resolved" || status === "closed") values.resolvedAt ??= now;
  if (status === "closed") values.closedAt ??= now;
}

const isDone = (status: string): boolean => status === "resolved" || status === "closed";

/** Keeps what follows from status and response in step with them. */
export const settleTicket = [
  before(
    ticket,
    "update",
    { name: "service.settleTicket" },
    each(({ before: current, patch }, ctx) => {
      const status = patch.status ?? current.status;
      if (status !== current.status) {
        const now = ctx.now();
        if (isDone(status)) {
          if (isDone(current.status)) patch.resolvedAt ??= current.resolvedAt ?? now;
          stampStatus(patch, status, now);
          if (status === "resolved") patch.closedAt = null;
        } else if (isDone(current.status)) {
          patch.resolvedAt = null;
          patch.closedAt = null;
          patch.reopenedAt ??= now;
          patch.reopenCount ??= current.reopenCount + 1;
        }
      }
      if (patch.firstRespondedAt !== undefined || patch.firstResponseDueAt !== undefined) {
        const responded =
          patch.firstRespondedAt === undefined ? current.firstRespondedAt : patch.firstRespondedAt;
        const due =
          patch.firstResponseDueAt === undefined ? current.firstResponseDueAt : patch.firstResponseDueAt;
        patch.firstResponseMet = answeredInTime(responded, due);
      } else if (patch.firstResponseMet !== undefined) {
        // It follows from the two instants, and is not for anybody to state.
        patch.firstResponseMet = current.firstResponseMet;
      }
    }),
  ),
];
