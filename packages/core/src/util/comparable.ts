/** The same form of an address, or of text that may hold one, for all comparisons. */
export const comparable = (text: string): string => text.trim().normalize("NFC").toLowerCase();
