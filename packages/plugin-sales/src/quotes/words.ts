/** Words of documents, in the languages that a quote can have. */
export interface DocumentWords {
  readonly quote: string;
  readonly revision: string;
  readonly for: string;
  readonly date: string;
  readonly validUntil: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly discount: string;
  readonly amount: string;
  readonly subtotal: string;
  readonly tax: string;
  readonly total: string;
  readonly terms: string;
  readonly name: string;
  readonly accept: string;
  readonly decline: string;
  readonly reason: string;
  readonly accepted: string;
  readonly declined: string;
  readonly expired: string;
  readonly superseded: string;
  readonly required: string;
  readonly changed: string;
  readonly checksum: string;
  readonly pdf: string;
  readonly page: string;
}

const en: DocumentWords = {
  quote: "Quote",
  revision: "Revision",
  for: "For",
  date: "Date",
  validUntil: "Valid until",
  description: "Description",
  quantity: "Quantity",
  unitPrice: "Unit price",
  discount: "Discount",
  amount: "Amount",
  subtotal: "Subtotal",
  tax: "Tax",
  total: "Total",
  terms: "Terms",
  name: "Your name",
  accept: "Accept with obligation to pay",
  decline: "Decline",
  reason: "Reason (optional)",
  accepted: "You have accepted this quote. Thank you.",
  declined: "You have declined this quote.",
  expired: "This quote has expired. Please ask for a new one.",
  superseded: "There is a newer revision of this quote. Please use the newest link.",
  required: "Please give your name.",
  changed: "The quote is not what you saw. Please read it again.",
  checksum: "Checksum of this document",
  pdf: "Quote as PDF",
  page: "Page",
};

const de: DocumentWords = {
  quote: "Angebot",
  revision: "Fassung",
  for: "Für",
  date: "Datum",
  validUntil: "Gültig bis",
  description: "Beschreibung",
  quantity: "Menge",
  unitPrice: "Einzelpreis",
  discount: "Rabatt",
  amount: "Betrag",
  subtotal: "Zwischensumme",
  tax: "Steuer",
  total: "Gesamtbetrag",
  terms: "Bedingungen",
  name: "Ihr Name",
  accept: "Zahlungspflichtig annehmen",
  decline: "Ablehnen",
  reason: "Grund (freiwillig)",
  accepted: "Sie haben dieses Angebot angenommen. Vielen Dank.",
  declined: "Sie haben dieses Angebot abgelehnt.",
  expired: "Dieses Angebot ist abgelaufen. Bitte fragen Sie ein neues an.",
  superseded: "Es gibt eine neuere Fassung. Bitte verwenden Sie den neuesten Link.",
  required: "Bitte geben Sie Ihren Namen an.",
  changed: "Das Angebot hat sich geändert. Bitte lesen Sie es noch einmal.",
  checksum: "Prüfsumme dieses Dokuments",
  pdf: "Angebot als PDF",
  page: "Seite",
};

const zh: DocumentWords = {
  quote: "报价单",
  revision: "版本",
  for: "客户",
  date: "日期",
  validUntil: "有效期至",
  description: "说明",
  quantity: "数量",
  unitPrice: "单价",
  discount: "折扣",
  amount: "金额",
  subtotal: "小计",
  tax: "税额",
  total: "总计",
  terms: "条款",
  name: "您的姓名",
  accept: "接受报价并承担付款义务",
  decline: "拒绝",
  reason: "原因（选填）",
  accepted: "您已接受此报价，谢谢。",
  declined: "您已拒绝此报价。",
  expired: "此报价已过期，请索取新的报价。",
  superseded: "此报价有更新的版本，请使用最新的链接。",
  required: "请填写您的姓名。",
  changed: "报价内容已变更，请重新阅读。",
  checksum: "文件校验码",
  pdf: "下载 PDF 报价单",
  page: "页",
};

const WORDS: Readonly<Record<string, DocumentWords>> = { en, de, zh };

export const documentWords = (language: string): DocumentWords => WORDS[language] ?? en;
