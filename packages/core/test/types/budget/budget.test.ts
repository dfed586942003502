import { expect, it } from "vitest";
import { type MeasuredApp, measureTypes } from "./measure.js";

/**
 * What the types of a large app may cost the compiler and the reader: 6 plugins with 40 entities of 12 fields each. Work is
 * counted in instantiations, which do not depend on the machine. Ceilings leave a fifth of room: raise them only
 * together with a reason.
 */
it("types of a large app stay cheap to check and short to read", () => {
  const [few, many] = measureTypes([2, 20]) as [MeasuredApp, MeasuredApp];
  const { crm, row, page } = many.hover;
  console.info(
    `instantiations with 2 and 20 entities of each plugin in use: ${few.instantiations}, ${many.instantiations}; declaration of crm: ${many.declaration} bytes\n${crm}\n${row}\n${page}`,
  );
  expect([...few.errors, ...many.errors]).toEqual([]);
  expect(many.declaration).toBeLessThan(1024);
  expect(crm.length).toBeLessThan(200);
  expect(row).toMatch(/^const row: P0E0 & /);
  expect(row.length).toBeLessThan(200);
  expect(page.length).toBeLessThan(400);
  expect(few.instantiations).toBeLessThan(21_000);
  expect(many.instantiations).toBeLessThan(150_000);
}, 600_000);
