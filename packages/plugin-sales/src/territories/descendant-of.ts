/**
 * What is in a territory or anywhere below it, for records with a `territoryId` such as opportunities: a condition of one query.
 *
 * @example await ctx.repo(opportunity).find({ where: { and: [{ status: "open" }, descendantOf(territoryId)] } })
 */
export function descendantOf(territoryId: string): {
  readonly or: readonly [
    { readonly territoryId: string },
    { readonly territory: { readonly path: { readonly contains: string } } },
  ];
} {
  return { or: [{ territoryId }, { territory: { path: { contains: `/${territoryId}/` } } }] };
}
