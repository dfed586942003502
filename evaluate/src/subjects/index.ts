import type { Subject } from "../subject.js";
import { csvParsing } from "./csv-parsing.js";
import { dedupe } from "./dedupe.js";
import { emails } from "./emails.js";
import { leadScoring } from "./lead-scoring.js";
import { names } from "./names.js";
import { phones } from "./phones.js";

/** In the order of the table. */
export const subjects: readonly Subject[] = [phones, emails, names, dedupe, csvParsing, leadScoring];
