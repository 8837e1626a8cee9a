import { nothing, ok, problem, type Call, type Handlers, type Reply } from './server.ts';
import type { Session, State, User } from './state.ts';

const bodyOf = (user: User) => ({
  id: user.id,
  email: `${user.username}@example.com`,
  username: user.username,
  role: user.role,
  status: user.status,
  createdAt: '2026-11-01T08:00:00Z',
  tenant: user.role === 'CLIENT' ? { name: 'clara-k3x9q', namespace: 'dc-clara-k3x9q' } : null,
});

function login(state: State, body: Record<string, unknown>): Reply {
  const user = state.users.find((one) => one.username === body['login']);
  if (user === undefined || user.password !== body['password']) return problem(401, 'invalid_credentials');
  if (user.totp !== null && body['totp'] === undefined) return problem(401, 'totp_required');
  if (user.totp !== null && user.totp !== body['totp']) return problem(401, 'totp_wrong');
  const session = state.session(user);
  return body['session'] === 'COOKIE' ? asCookie(session) : ok(session);
}

/** The refresh token as the cookie that only sign-in pages' calls carry, and none in the body. */
function asCookie({ refreshToken, ...tokens }: Session): Reply {
  const cookie = `dc_refresh=${refreshToken}; HttpOnly; Secure; SameSite=Strict; Path=/api/v1/auth; Max-Age=2592000`;
  return { ...ok(tokens), headers: { 'set-cookie': cookie } };
}

const cookieOf = ({ cookie }: Call): string => /(?:^|; )dc_refresh=([^;]+)/.exec(cookie)?.[1] ?? '';

function refresh(state: State, call: Call): Reply {
  const given = call.body['refreshToken'];
  const token = given === undefined ? cookieOf(call) : String(given);
  const session = state.successor(token);
  if (session === 'reused') return problem(401, 'refresh_token_reused');
  if (session === null) return problem(401, 'invalid_refresh_token');
  return given === undefined ? asCookie(session) : ok(session);
}

function logout(state: State, call: Call): Reply {
  state.refresh.delete(String(call.body['refreshToken'] ?? cookieOf(call)));
  return { ...nothing, headers: { 'set-cookie': 'dc_refresh=; Secure; Path=/api/v1/auth; Max-Age=0' } };
}

const audit = (at: string, action: string, actor: string | null, details: object) => ({
  at,
  action,
  actor,
  subject: '0190a000-0000-7000-8000-00000000beef',
  details,
});

const schedule = (task: string, outcome: string | null, lateAfterSeconds: number | null) => ({
  task,
  outcome,
  startedAt: '2026-11-27T08:00:00Z',
  endedAt: outcome === 'RUNNING' ? null : '2026-11-27T08:00:02Z',
  lastSuccessAt: '2026-11-27T07:00:00Z',
  error: null as string | null,
  found: 0,
  lateAfterSeconds,
  isLate: false,
});

export const accounts: Handlers = {
  'POST /auth/login': (state, { body }) => login(state, body),
  'POST /auth/refresh': refresh,
  'POST /auth/logout': logout,
  'POST /auth/register': (state, { body }) => {
    const name = String(body['username']);
    if (state.users.some((one) => one.username === name)) return problem(409, 'username_taken');
    if (String(body['password']).length < 12)
      return problem(422, 'invalid_request', { password: 'must have at least 12 characters' });
    const user = state.person(name, 'WORKER');
    user.password = String(body['password']);
    return ok(bodyOf(user), 201);
  },
  'GET /me': (state, { user }) => ok(bodyOf(state.user(user))),
  'GET /me/sessions': () =>
    ok({
      items: [
        {
          id: '0190a000-0000-7000-8000-000000000aaa',
          current: true,
          ip: '127.0.0.1',
          userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
          createdAt: '2026-11-27T08:00:00Z',
          lastUsedAt: '2026-11-27T09:00:00Z',
          expiresAt: '2026-12-27T08:00:00Z',
        },
      ],
    }),
  'GET /me/tokens': () => ok({ items: [] }),
  'GET /me/totp': (state, { user }) =>
    ok({ enabled: state.user(user).totp !== null, enabledAt: null, recoveryCodesLeft: 0 }),
  'GET /admin/users': (state, { query }) => {
    const search = query.get('search') ?? '';
    const found = state.users
      .map(bodyOf)
      .filter(({ username, email }) => `${username} ${email}`.includes(search));
    return ok({ items: found, nextCursor: null });
  },
  'PATCH /admin/users/:id/role': (state, { body }, id) => {
    const user = state.user(id ?? null);
    user.role = body['role'] as User['role'];
    return ok(bodyOf(user));
  },
  'POST /admin/users/:id/reset-link': () =>
    ok({ token: 'reset-token', expiresAt: '2026-11-28T08:00:00Z' }, 201),
  'GET /admin/invitations': (state) =>
    ok({ items: state.invitations.map((one) => ({ ...one, token: null })), nextCursor: null }),
  'POST /admin/invitations': (state, { body, user }) => {
    const made = {
      id: `0190a000-0000-7000-8000-00000000020${state.invitations.length}`,
      role: String(body['role']),
      tenant: (body['tenant'] as string | undefined) ?? null,
      issuedBy: user ?? '',
      createdAt: '2026-11-27T08:00:00Z',
      expiresAt: '2099-12-04T08:00:00Z',
      token: 'dci_invited',
    };
    state.invitations.push(made);
    return ok(made, 201);
  },
  'DELETE /admin/invitations/:id': (state, _, id) => {
    state.invitations = state.invitations.map((one) =>
      one.id === id ? { ...one, revokedAt: '2026-11-27T09:00:00Z' } : one,
    );
    return nothing;
  },
  'POST /me/totp': () =>
    ok({
      secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      otpauthUrl: 'otpauth://totp/DataCrowd%20Lab:wanda?secret=JBSWY3DPEHPK3PXP&issuer=DataCrowd%20Lab',
    }),
  'GET /admin/schedules': () =>
    ok({
      items: [
        schedule('forgotten-uploads', 'SUCCEEDED', 3600),
        schedule('retention', 'RUNNING', 10_800),
        {
          ...schedule('ledger-drift', 'FAILED', 7200),
          isLate: true,
          found: 2,
          error: 'comparing payments: pool timed out while waiting for an open connection',
        },
        { ...schedule('consensus', 'LOST', null), endedAt: null },
        {
          ...schedule('reconcile-payments', null, 90_000),
          startedAt: null,
          endedAt: null,
          lastSuccessAt: null,
        },
      ],
      nextCursor: null,
    }),
  'GET /admin/audit': (state) =>
    ok({
      items: [
        audit('2026-11-27T08:00:00Z', 'user.role_changed', state.users[3]?.id ?? null, {
          from: 'WORKER',
          to: 'CLIENT',
        }),
        audit('2026-11-27T07:00:00Z', 'payment.paid', null, { by: 'evt_1' }),
      ],
      nextCursor: null,
    }),
};
