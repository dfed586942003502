import { seededRandom } from "./random.js";

/** A made-up data folder: four CSV files and the totals that they add up to, by file name. */
export type DataFiles = Readonly<Record<string, string>>;

export interface DataOptions {
  readonly seed: number;
  readonly opportunities: number;
  /** First day on which an opportunity may begin, `YYYY-MM-DD`. */
  readonly from: string;
}

/** What the bundled sample is made of. */
export const SAMPLE_OPTIONS: DataOptions = { seed: 20_240_501, opportunities: 120, from: "2024-05-01" };

const DAY_MS = 86_400_000;

/** Name, series, list price in cents. */
const PRODUCTS = [
  ["Lumen 2", "Lumen", 18_900],
  ["Lumen 4 Pro", "Lumen", 64_950],
  ["Harbor Mini", "Harbor", 129_900],
  ["Harbor Max", "Harbor", 488_000],
  ["Tidewater Suite", "Tidewater", 1_275_050],
] as const;

const ACCOUNTS = [
  ["Applewick Mills", "food", "1988", "212.4", "1430", "Ireland", ""],
  ["Bellamy & Frost", "retail", "2004", "58.75", "310", "United Kingdom", ""],
  ["Brook, Hill and Daughters", "construction", "1961", "901.2", "5210", "Canada", ""],
  ["Corvid Analytics", "software", "2016", "14.02", "88", "Portugal", "Northlake Holding"],
  ["Dunmore Rail", "transport", "1979", "1840.6", "9120", "Ireland", ""],
  ["Eastvale Clinics", "medical", "1997", "330", "2240", "Spain", "Northlake Holding"],
  ["Fernhill Press", "media", "1955", "42.9", "205", "United Kingdom", ""],
  ["Gannet Shipping", "transport", "2009", "388.11", "1875", "Norway", "Dunmore Rail"],
  ['Hollins "Sunrise" Bakery', "food", "2011", "9.8", "64", "Canada", ""],
  ["Ilex Energy", "energy", "2001", "2755.5", "12400", "Denmark", ""],
  ["Juniper Learning", "education", "2014", "27.3", "190", "Finland", ""],
  ["Northlake Holding", "finance", "1983", "5120", "480", "Luxembourg", ""],
] as const;

const AGENTS = [
  ["Alma Reyes", "Teodor Blix", "North"],
  ["Bram Okafor", "Teodor Blix", "North"],
  ["Chiara Lund", "Teodor Blix", "North"],
  ["Dagny Moreau", "Priya Castellan", "South"],
  ["Elias Tamm", "Priya Castellan", "South"],
  ["Freya O'Dell", "Priya Castellan", "South"],
  ["Goran Abiodun", "Wen Halloran", "West"],
  ["Hana Petrov", "Wen Halloran", "West"],
] as const;

interface Deal {
  readonly id: string;
  readonly agent: string;
  readonly product: string;
  readonly account: string;
  readonly stage: "Prospecting" | "Engaging" | "Won" | "Lost";
  readonly engaged: string;
  readonly closed: string;
  readonly cents: number | null;
}

/** The same options make the same files. */
export function makeData({ seed, opportunities, from }: DataOptions): DataFiles {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const start = Date.parse(`${from}T00:00:00Z`);
  const day = (offset: number) => new Date(start + offset * DAY_MS).toISOString().slice(0, 10);
  const deals = Array.from({ length: opportunities }, (_, i): Deal => {
    const [name, , price] = pick(PRODUCTS);
    const lot = random();
    const stage = lot < 0.48 ? "Won" : lot < 0.76 ? "Lost" : lot < 0.92 ? "Engaging" : "Prospecting";
    const engaged = whole(0, 300);
    const decided = stage === "Won" || stage === "Lost";
    return {
      id: `${pick([..."BCDFGHJK"])}${(1000 + i).toString(36).toUpperCase()}${whole(10, 99)}`,
      agent: pick(AGENTS)[0],
      // Source systems spell one product in two ways.
      product: name === "Harbor Mini" ? "HarborMini" : name,
      account: random() < 0.12 ? "" : pick(ACCOUNTS)[0],
      stage,
      engaged: stage === "Prospecting" ? "" : day(engaged),
      closed: decided ? day(engaged + whole(3, 130)) : "",
      cents: stage === "Won" ? Math.round((price * whole(80, 115)) / 100) : stage === "Lost" ? 0 : null,
    };
  });
  return {
    "accounts.csv": csv(
      "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
      ACCOUNTS,
    ),
    "products.csv": csv(
      "product,series,sales_price",
      PRODUCTS.map(([name, series, cents]) => [name, series, amount(cents)]),
    ),
    "sales_teams.csv": csv("sales_agent,manager,regional_office", AGENTS),
    "sales_pipeline.csv": csv(
      "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value",
      deals.map((deal) => [
        deal.id,
        deal.agent,
        deal.product,
        deal.account,
        deal.stage,
        deal.engaged,
        deal.closed,
        deal.cents === null ? "" : amount(deal.cents),
      ]),
    ),
    "expected.json": `${JSON.stringify(totalsOf(deals), null, 2)}\n`,
  };
}

/** Added up from the rows, in cents: nothing of the CRM takes part. */
function totalsOf(deals: readonly Deal[]) {
  const stages = count(deals.map((deal) => deal.stage));
  const won = deals.filter((deal) => deal.stage === "Won");
  const quarter = ({ closed }: Deal) => `${closed.slice(0, 4)}Q${Math.ceil(Number(closed.slice(5, 7)) / 3)}`;
  const rate = won.length / (won.length + (stages["Lost"] ?? 0));
  return {
    definitions: { win_rate: "won / (won + lost)", quarter: "calendar quarter of close_date" },
    rows: deals.length,
    by_stage: stages,
    won_revenue: sum(won, () => "all")["all"] ?? 0,
    win_rate: Number(rate.toFixed(6)),
    won_revenue_by_close_quarter: sum(won, quarter),
    won_revenue_by_agent_quarter: sum(won, (deal) => `${deal.agent}|${quarter(deal)}`),
  };
}

function count(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return sorted(counts);
}

function sum(deals: readonly Deal[], keyOf: (deal: Deal) => string): Record<string, number> {
  const cents: Record<string, number> = {};
  for (const deal of deals) cents[keyOf(deal)] = (cents[keyOf(deal)] ?? 0) + (deal.cents ?? 0);
  return Object.fromEntries(Object.entries(sorted(cents)).map(([key, value]) => [key, value / 100]));
}

function sorted(record: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `650`, `649.5`: as spreadsheets write amounts. */
function amount(cents: number): string {
  return String(cents / 100);
}

function csv(header: string, rows: readonly (readonly string[])[]): string {
  const quoted = (value: string) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return `${[header, ...rows.map((row) => row.map(quoted).join(","))].join("\n")}\n`;
}
