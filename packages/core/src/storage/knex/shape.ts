import type { ValueType } from "./catalog.js";
import type { Dialect } from "./dialects/dialect.js";
import { checkValue } from "./value-codec.js";

/** What identifies a statement (`key`) and what changes from call to call (`values`), in the driver's form. */
export class Shape {
  readonly values: unknown[] = [];

  constructor(
    public key: string,
    readonly dialect: Dialect,
  ) {}

  push(type: ValueType, value: unknown, column: string): void {
    this.values.push(this.encode(type, value, column));
  }

  pushText(text: string): void {
    this.values.push(text);
  }

  pushNumber(value: number): void {
    this.values.push(value);
  }

  pushList(type: ValueType, values: readonly unknown[], column: string): void {
    if (values.length === 0) {
      this.key += "0;";
      return;
    }
    for (const value of values) checkValue(type, value, column);
    const bound = this.dialect.bindList(type, values);
    this.key += `${bound.kind}${bound.values.length};`;
    for (const value of bound.values) this.values.push(value);
  }

  encode(type: ValueType, value: unknown, column: string): unknown {
    if (value === null || value === undefined) return null;
    checkValue(type, value, column);
    return this.dialect.encode(type, value);
  }
}
