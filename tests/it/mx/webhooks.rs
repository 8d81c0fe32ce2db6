//! MX's webhooks bring a user name and a password.

use serde_json::json;

use super::app;

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_the_password_is_heard() {
    let app = app("v20250224").await;
    let body = json!({ "type": "CONNECTION_STATUS", "action": "CHANGED", "member_guid": "MBR-1" });
    let send = async |password: Option<&str>| {
        let request = app.http.post(format!("{}/webhooks/MX", app.url)).body(body.to_string());
        let request = match password {
            Some(password) => request.basic_auth("mx", Some(password)),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(None).await, 401);
    assert_eq!(send(Some("wrong")).await, 401);
    assert_eq!(send(Some("sandbox-webhooks")).await, 204);
    assert_eq!(send(Some("sandbox-webhooks")).await, 204);
}
