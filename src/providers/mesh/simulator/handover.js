// Tells the page around the frame how the visit ended, in Link's own messages.
{
  const { accessToken, error } = JSON.parse(document.querySelector('main').dataset.handover);
  const message = accessToken
    ? { type: 'brokerageAccountAccessToken', payload: accessToken }
    : { type: 'close', payload: { errorMessage: error } };
  window.parent.postMessage(message, location.origin);
}
