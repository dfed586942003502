/** What mail programs write around the text that they quote, in the languages that they speak. */

/** Verbs of "… wrote:". A line with one of them, a colon at its end and a date, a name or an address begins a quote. */
export const WROTE: readonly string[] = [
  "wrote",
  "schrieb",
  "a écrit",
  "escribió",
  "escribio",
  "ha scritto",
  "scritto",
  "escreveu",
  "schreef",
  "geschreven",
  "skrev",
  "kirjoitti",
  "napisał",
  "napisal",
  "pisze",
  "napsal",
  "написал",
  "пишет",
  "пише",
  "写道",
  "寫道",
  "の書き込み",
  "さんは書きました",
  "님이 작성",
  "yazdı",
  "írta",
  "έγραψε",
  "a scris",
];

/** Labels of the blocks that Outlook, QQ Mail and their like put above the text that they quote. */
const FROM =
  "from|von|de|message du|van|da|från|fra|od|lähettäjä|от|发件人|寄件者|寄件人|發件人|差出人|보낸 사람|kimden".split(
    "|",
  );
const OTHERS = (
  "sent|date|to|cc|subject|reply-to|gesendet|datum|an|betreff|envoyé|envoyé le|à|objet|sujet|copie|copie à|enviado|enviado el|enviado em|para|asunto|assunto|fecha|data|" +
  "verzonden|aan|onderwerp|inviato|a|oggetto|skickat|till|ämne|sendt|til|emne|wysłano|do|temat|data|lähetetty|päiväys|vastaanottaja|kopio|aihe|" +
  "отправлено|дата|кому|копия|тема|发送时间|收件人|抄送|主题|日期|寄件日期|傳送時間|收件者|副本|主旨|發送時間|送信日時|宛先|件名|보낸 날짜|받는 사람|제목"
).split("|");

export const FROM_LABELS: ReadonlySet<string> = new Set(FROM);
export const BLOCK_LABELS: ReadonlySet<string> = new Set([...FROM, ...OTHERS]);

/** "-----Original Message-----" and the like; in lower case. */
export const SEPARATORS: readonly string[] = [
  "original message",
  "original appointment",
  "forwarded message",
  "ursprüngliche nachricht",
  "weitergeleitete nachricht",
  "message d'origine",
  "message d’origine",
  "message original",
  "message transféré",
  "mensaje original",
  "mensagem original",
  "messaggio originale",
  "oorspronkelijk bericht",
  "oprindelig besked",
  "oprindelig meddelelse",
  "opprinnelig melding",
  "originalmeddelande",
  "ursprungligt meddelande",
  "alkuperäinen viesti",
  "wiadomość oryginalna",
  "пересылаемое сообщение",
  "исходное сообщение",
  "原始邮件",
  "原始郵件",
  "原邮件",
  "转发邮件",
  "元のメッセージ",
  "원본 메시지",
];

/** How telephones and programs sign; in lower case, at the beginning of a line. */
export const SENT_FROM: readonly string[] = [
  "sent from my ",
  "sent from mail ",
  "sent from outlook",
  "sent from yahoo",
  "sent from samsung",
  "sent via ",
  "sent with ",
  "get outlook for ",
  "von meinem ",
  "gesendet von ",
  "gesendet mit ",
  "envoyé de mon ",
  "envoyé depuis ",
  "envoyé à partir de ",
  "enviado desde ",
  "enviado do meu ",
  "inviato da ",
  "inviato dal ",
  "verzonden vanaf ",
  "verstuurd vanaf ",
  "sendt fra ",
  "skickat från ",
  "lähetetty ",
  "отправлено из ",
  "отправлено с ",
  "发自我的",
  "來自我的",
  "从我的",
  "iphoneから送信",
  "나의 iphone에서",
];
