/** The page's own words; labels and texts of the form are its author's. */
export interface FormWords {
  readonly send: string;
  readonly thanks: string;
  readonly goOn: string;
  readonly required: string;
  readonly choose: string;
  readonly leaveEmpty: string;
  readonly pleaseCheck: string;
  readonly confirmSubject: string;
  readonly confirmText: string;
  readonly confirmIgnore: string;
  readonly confirmButton: string;
  readonly confirmed: string;
  readonly confirmLate: string;
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
  confirmSubject: "Please confirm",
  confirmText:
    "Somebody, you we hope, has sent us a form with this e-mail address. Please confirm that it was you:",
  confirmIgnore: "If it was not you, do nothing: what was sent will be deleted.",
  confirmButton: "Yes, it was me",
  confirmed: "Thank you. Your e-mail address is confirmed.",
  confirmLate: "This link does not hold any more. Please send the form again.",
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
  confirmSubject: "Bitte bestätigen",
  confirmText:
    "Jemand, hoffentlich Sie, hat uns mit dieser E-Mail-Adresse ein Formular geschickt. Bitte bestätigen Sie, dass Sie es waren:",
  confirmIgnore: "Falls Sie es nicht waren, tun Sie nichts: Die Angaben werden gelöscht.",
  confirmButton: "Ja, das war ich",
  confirmed: "Vielen Dank. Ihre E-Mail-Adresse ist bestätigt.",
  confirmLate: "Dieser Link gilt nicht mehr. Bitte senden Sie das Formular noch einmal.",
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
  confirmSubject: "Veuillez confirmer",
  confirmText:
    "Quelqu'un, vous sans doute, nous a envoyé un formulaire avec cette adresse e-mail. Veuillez confirmer que c'était vous :",
  confirmIgnore: "Si ce n'était pas vous, ne faites rien : ces données seront supprimées.",
  confirmButton: "Oui, c'était moi",
  confirmed: "Merci. Votre adresse e-mail est confirmée.",
  confirmLate: "Ce lien n'est plus valable. Veuillez renvoyer le formulaire.",
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
  confirmSubject: "Confirme, por favor",
  confirmText:
    "Alguien, esperamos que usted, nos ha enviado un formulario con este correo electrónico. Confirme que fue usted:",
  confirmIgnore: "Si no fue usted, no haga nada: los datos se borrarán.",
  confirmButton: "Sí, fui yo",
  confirmed: "Gracias. Su correo electrónico está confirmado.",
  confirmLate: "Este enlace ya no es válido. Envíe el formulario de nuevo.",
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
  confirmSubject: "请确认",
  confirmText: "有人（应该是您）用此邮箱向我们提交了一份表单。请确认是您本人：",
  confirmIgnore: "如果不是您，请忽略此邮件，所提交的内容将被删除。",
  confirmButton: "是我本人",
  confirmed: "谢谢，您的邮箱已确认。",
  confirmLate: "此链接已失效，请重新提交表单。",
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
