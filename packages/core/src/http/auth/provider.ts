/** A person as a provider of sign-in vouches for him. */
export interface ProvenPerson {
  /** Who vouches. With `subject` it names the person for ever; an e-mail address may pass to somebody else. */
  readonly issuer: string;
  readonly subject: string;
  readonly email?: string | undefined;
  /** The provider says that it has seen the person read mail at `email`. */
  readonly emailVerified: boolean;
  readonly name?: string | undefined;
  /** Whatever else it says. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** What it wants to see again when the person signs out there: of OpenID Connect, the ID token. */
  readonly signOutHint?: string | undefined;
}

/** A user to be made for a person who has none. */
export interface ProvisionedUser {
  readonly name: string;
  readonly email?: string;
  /** Names of roles of the app or the tenant. Without any, he may do nothing. */
  readonly roles?: readonly string[];
}

/** Which user a proven person is. */
export interface PersonRules {
  /**
   * Connect a person who signs in for the first time with the active user of the same e-mail address, where the provider
   * has verified it. For a provider that you trust with your users' addresses: whoever runs it can become any of them.
   */
  readonly linkByEmail: boolean;
  /** Says which user to make of a person who has none; null sends him away. Absent: none is made. */
  readonly provision?: ((person: ProvenPerson) => ProvisionedUser | null) | undefined;
}

/** Where a browser is sent to, and what has to be known when it comes back. JSON; kept sealed in a cookie. */
export interface SignInAttempt {
  readonly url: string;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Signs users in beside or instead of passwords, by sending their browsers elsewhere and back. */
export interface SignInProvider extends PersonRules {
  /** In its routes: `/public/auth/providers/{name}`. */
  readonly name: string;
  /** For people: `Acme single sign-on`. */
  readonly label: string;
  /** @throws provider-unavailable */
  begin(redirectUri: string): Promise<SignInAttempt>;
  /**
   * @param callback the redirect URI with what the provider added to it
   * @returns the person; undefined where the answer does not hold
   * @throws provider-unavailable
   */
  finish(callback: URL, secrets: Readonly<Record<string, string>>): Promise<ProvenPerson | undefined>;
  /**
   * The page on which the person signs out at the provider, too, and which then leads to `returnTo`. Undefined where it
   * has none.
   *
   * @param hint as of the person when he signed in; absent where he came without
   * @throws provider-unavailable
   */
  end?(returnTo: string, hint: string | undefined): Promise<string | undefined>;
  /** The tenant that the person signs in to; undefined for one of none. */
  tenantOf(person: ProvenPerson): string | undefined;
}
