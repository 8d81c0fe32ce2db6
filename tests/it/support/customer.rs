//! A customer in a browser at the provider's pages, one form after another; unlike `/sandbox/play`, they can stop anywhere.

use super::TestApp;

/// Where the customer is.
pub enum Place {
    /// A form of that step waits.
    At(String),
    /// The provider sent the browser to that address.
    SentTo(String),
}

/// A customer on the way through a provider's pages.
pub struct Customer<'a> {
    app: &'a TestApp,
    url: String,
}

impl<'a> Customer<'a> {
    /// Opens the address of a launch.
    pub fn new(app: &'a TestApp, url: &str) -> Self {
        Self { app, url: url.to_owned() }
    }

    /// Goes on until the form of that step, or to the end.
    pub async fn until(&self, step: &str) -> Place {
        for _ in 0..20 {
            let page = self.app.http.get(&self.url).send().await.unwrap();
            if page.status().is_redirection() {
                return Place::SentTo(page.headers()["location"].to_str().unwrap().to_owned());
            }
            let html = page.text().await.unwrap();
            let found = attribute(&html, "data-step").unwrap_or_default();
            if found == step || found == "done" {
                return Place::At(found);
            }
            if let Some(place) = self.submit(&html, &found).await {
                return place;
            }
        }
        panic!("the pages never end");
    }

    /// Sends the form that waits; where it leads, if that is elsewhere.
    async fn submit(&self, html: &str, step: &str) -> Option<Place> {
        let mut fields = vec![("step".to_owned(), named(html, "step")[0].clone()), ("action".into(), "submit".into())];
        match step {
            "credentials" => {
                fields.push(("username".into(), "user_good".into()));
                fields.push(("password".into(), "pass_good".into()));
            }
            "person" => fields.push(("name".into(), "Leslie Knope".into())),
            "document" => fields.push(("document".into(), "own".into())),
            "accounts" => fields.extend(named(html, "accounts").into_iter().map(|value| ("accounts".into(), value))),
            "permissions" => fields.extend(named(html, "allow").into_iter().map(|value| ("allow".into(), value))),
            _ => {}
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let form = "application/x-www-form-urlencoded";
        let request = self.app.http.post(&self.url).header("content-type", form).body(body);
        let answer = request.send().await.unwrap();
        let Some(next) = answer.headers().get("location").map(|next| next.to_str().unwrap().to_owned()) else {
            panic!("{step} was answered {}: {}", answer.status(), answer.text().await.unwrap());
        };
        (next != self.url).then_some(Place::SentTo(next))
    }

    /// Goes to the very end; the address that the provider sends the browser to, which is not opened.
    pub async fn finish(&self) -> String {
        match self.until("nothing").await {
            Place::SentTo(url) => url,
            Place::At(step) => panic!("stuck at {step}"),
        }
    }
}

fn attribute(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The values of the inputs of that name.
fn named(html: &str, name: &str) -> Vec<String> {
    let tags = html.split('<').filter(|tag| tag.starts_with("input") && tag.contains(&format!("name=\"{name}\"")));
    tags.filter_map(|tag| attribute(tag, "value")).collect()
}
