// Opens Link in a frame, as its package does, and hands over to our own form what it gives at the end, without what is not needed. Only
// messages of that frame count; nothing is kept in the page.
{
  const form = document.querySelector('form[data-launch-token]');
  const address = new URL(atob(form.dataset.launchToken));
  form.removeAttribute('data-launch-token');
  const frame = document.createElement('iframe');
  frame.title = 'Link';
  frame.allow = 'clipboard-read *; clipboard-write *';
  Object.assign(frame.style, { position: 'fixed', inset: '0', width: '100%', height: '100%', border: '0', background: '#fff' });
  const account = ({ account, accessToken, refreshToken, tokenId }) => {
    const { meshAccountId, accountId, accountName } = account ?? {};
    return { account: { meshAccountId, accountId, accountName }, accessToken, refreshToken, tokenId };
  };
  const lives = ({ brokerType, brokerName, expiresInSeconds, refreshTokenExpiresInSeconds }) =>
    ({ brokerType, brokerName, expiresInSeconds, refreshTokenExpiresInSeconds });
  let handed = false;
  const hand = (result) => {
    if (handed) return;
    handed = true;
    const field = form.elements.namedItem('result');
    field.value = JSON.stringify(result);
    form.requestSubmit();
    field.value = '';
    frame.remove();
  };
  window.addEventListener('message', ({ data, origin, source }) => {
    if (origin !== address.origin || source !== frame.contentWindow) return;
    const payload = data?.payload ?? {};
    switch (data?.type) {
      case 'brokerageAccountAccessToken':
        return hand({ accessToken: { ...lives(payload), accountTokens: (payload.accountTokens ?? []).map(account) } });
      case 'delayedAuthentication':
        return hand({ delayedAuth: { ...lives(payload), refreshToken: payload.refreshToken } });
      case 'close':
      case 'done':
        return hand({ exited: true, error: payload.errorMessage });
      case 'oauthLinkOpen':
        if (String(data.link).startsWith('https://')) window.open(data.link, '_blank', 'popup,noopener,noreferrer,width=700,height=800');
    }
  });
  frame.src = address.href;
  document.body.append(frame);
}
