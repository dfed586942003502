export { type Territories, territories } from "@corm/core";
