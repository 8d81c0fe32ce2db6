// Opens Link with the session's token, and hands what it gives over to our own form; after OAuth in this page, goes on where it was.
{
  const form = document.querySelector('form[data-launch-token]');
  const hand = (result) => {
    form.elements.namedItem('result').value = JSON.stringify(result);
    form.requestSubmit();
  };
  const returned = new URLSearchParams(location.search).has('oauth_state_id');
  Plaid.create({
    token: form.dataset.launchToken,
    ...(returned ? { receivedRedirectUri: location.href } : {}),
    onSuccess: (public_token, metadata) => hand({ public_token, metadata }),
    onExit: (error, metadata) => hand({ error, metadata }),
  }).open();
}
