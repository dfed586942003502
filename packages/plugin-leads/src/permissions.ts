/** What the plugin's actions ask for, in words. */
export const permissions = {
  "lead.convert": "Convert leads into accounts, contacts and opportunities",
  "lead.capture": "Take in leads from other channels",
  "captureForm.submit": "Submit answers to a form in the name of a visitor",
  "captureSubmission.release": "Release submissions from quarantine",
  "scoringModel.activate": "Choose the model by which leads are scored",
  "lead.score": "Score a lead at once",
  "lead.explainScore": "See why a lead has its score",
  "predictiveModel.train": "Train a model on what became of leads",
  "leadPool.browse": "Look into pools of leads",
  "leadPool.claim": "Take leads out of pools",
  "leadPool.allot": "Give leads of pools to others, and take them back",
  "leadPool.release": "Give one's own leads back to their pool",
  "leadPool.put": "Put leads into pools",
  "lead.readPooled": "Read leads of pools before anybody has claimed them, phone and e-mail included",
  "lead.unconvert": "Undo conversions of leads",
  "captureSubmission.confirm": "Confirm submissions in the name of whoever sent them",
};
