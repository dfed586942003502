/** The page's own words; labels and texts of the form are its author's. */
export interface FormWords {
  readonly send: string;
  readonly thanks: string;
  readonly goOn: string;
  readonly required: string;
  readonly choose: string;
  readonly leaveEmpty: string;
  readonly pleaseCheck: string;
  /** By issue code. */
  readonly problems: Readonly<Record<string, string>>;
}

const en: FormWords = {
  send: "Send",
  thanks: "Thank you. We have received your message.",
  goOn: "Continue",
  required: "required",
  choose: "Please choose",
  leaveEmpty: "Leave this field empty",
  pleaseCheck: "Please check these fields:",
  problems: {
    required: "is required",
    "invalid-email": "must be an e-mail address, such as name@example.com",
    "invalid-url": "must be a web address, such as https://example.com",
    "invalid-phone": "must be a phone number",
    "max-length": "is too long",
    enum: "must be one of the choices",
  },
};

const de: FormWords = {
  send: "Senden",
  thanks: "Vielen Dank. Ihre Nachricht ist angekommen.",
  goOn: "Weiter",
  required: "erforderlich",
  choose: "Bitte wählen",
  leaveEmpty: "Dieses Feld bitte leer lassen",
  pleaseCheck: "Bitte prüfen Sie diese Felder:",
  problems: {
    required: "wird benötigt",
    "invalid-email": "muss eine E-Mail-Adresse sein, etwa name@example.com",
    "invalid-url": "muss eine Web-Adresse sein, etwa https://example.com",
    "invalid-phone": "muss eine Telefonnummer sein",
    "max-length": "ist zu lang",
    enum: "muss eine der Möglichkeiten sein",
  },
};

const fr: FormWords = {
  send: "Envoyer",
  thanks: "Merci. Nous avons bien reçu votre message.",
  goOn: "Continuer",
  required: "obligatoire",
  choose: "Veuillez choisir",
  leaveEmpty: "Laissez ce champ vide",
  pleaseCheck: "Veuillez vérifier ces champs :",
  problems: {
    required: "est obligatoire",
    "invalid-email": "doit être une adresse e-mail, par exemple nom@example.com",
    "invalid-url": "doit être une adresse web, par exemple https://example.com",
    "invalid-phone": "doit être un numéro de téléphone",
    "max-length": "est trop long",
    enum: "doit être l'un des choix proposés",
  },
};

const es: FormWords = {
  send: "Enviar",
  thanks: "Gracias. Hemos recibido su mensaje.",
  goOn: "Continuar",
  required: "obligatorio",
  choose: "Elija una opción",
  leaveEmpty: "Deje este campo vacío",
  pleaseCheck: "Revise estos campos:",
  problems: {
    required: "es obligatorio",
    "invalid-email": "debe ser un correo electrónico, como nombre@example.com",
    "invalid-url": "debe ser una dirección web, como https://example.com",
    "invalid-phone": "debe ser un número de teléfono",
    "max-length": "es demasiado largo",
    enum: "debe ser una de las opciones",
  },
};

const zh: FormWords = {
  send: "提交",
  thanks: "谢谢，我们已收到您的信息。",
  goOn: "继续",
  required: "必填",
  choose: "请选择",
  leaveEmpty: "请勿填写此栏",
  pleaseCheck: "请检查以下内容：",
  problems: {
    required: "为必填项",
    "invalid-email": "须为电子邮箱地址，例如 name@example.com",
    "invalid-url": "须为网址，例如 https://example.com",
    "invalid-phone": "须为电话号码",
    "max-length": "内容过长",
    enum: "须为所列选项之一",
  },
};

const languages: Readonly<Record<string, FormWords>> = { en, de, fr, es, zh };

/** The words of a language, English where there are none. */
export function wordsOf(language: string): FormWords {
  return languages[language.split("-")[0]?.toLowerCase() ?? ""] ?? en;
}
