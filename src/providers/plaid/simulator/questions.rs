//! What a person is asked who proves who they are: to agree, their name, a document. The pages are like those of [`crate::bank::pages`].

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use crate::bank::pages::{Form, form, sheet};

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 100;

/// Where a person is between the first question and the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Questions {
    application: String,
    step: u32,
    question: Question,
    name: String,
}

/// Which question is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Question {
    Terms,
    Person,
    Document,
    Over,
}

/// What came of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// There is another question, or the same again.
    More,
    /// The person has answered all.
    All {
        /// What they are called, as they say.
        name: String,
        /// Whether the document that they showed is theirs.
        own_document: bool,
    },
    /// They left.
    Cancelled,
}

impl Questions {
    /// At the first one, for the application of that name.
    pub fn new(application: String) -> Self {
        Self { application, step: 0, question: Question::Terms, name: String::new() }
    }

    /// Counts what the person did; also the hidden field `step`.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// Takes a form; one that comes a second time changes nothing.
    pub fn accept(&mut self, form: &Form) -> Answered {
        if form.first("step").parse() != Ok(self.step) || self.question == Question::Over {
            return Answered::More;
        }
        self.step = self.step.saturating_add(1);
        if form.first("action") == "cancel" {
            self.question = Question::Over;
            return Answered::Cancelled;
        }
        self.question = match self.question {
            Question::Terms => Question::Person,
            Question::Person => {
                self.name = form.first("name").trim().chars().take(LONGEST_NAME).collect();
                if self.name.is_empty() { Question::Person } else { Question::Document }
            }
            Question::Document | Question::Over => Question::Over,
        };
        match self.question {
            Question::Over => Answered::All { name: self.name.clone(), own_document: form.first("document") == "own" },
            _ => Answered::More,
        }
    }

    /// The page to show.
    pub fn view(&self) -> Markup {
        let (title, content) = match self.question {
            Question::Terms => ("Verify your identity", self.form("terms", "Agree", &terms(&self.application))),
            Question::Person => ("About you", self.form("person", "Continue", &person())),
            Question::Document => ("Your document", self.form("document", "Show", &document())),
            Question::Over => {
                ("Done", html! { p data-step="done" data-result="FINISHED" { "You can close this page." } })
            }
        };
        sheet("Plaid", &self.application, title, &content)
    }

    fn form(&self, step: &str, submit: &str, fields: &Markup) -> Markup {
        form(step, self.step, None, Some(submit), fields)
    }
}

fn terms(application: &str) -> Markup {
    html! { p { (application) " wants to know that you are who you say. Plaid compares your answers with registers and a document." } }
}

fn person() -> Markup {
    html! {
        label for="name" { "Your name" }
        input #name name="name" required autofocus autocomplete="off" maxlength=(LONGEST_NAME);
    }
}

fn document() -> Markup {
    html! {
        p { "Which document do you show to the camera?" }
        label { input type="radio" name="document" value="own" checked; "My own" }
        label { input type="radio" name="document" value="foreign"; "Somebody else's" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(questions: &mut Questions, fields: &str) -> Answered {
        let body = format!("step={}&{fields}", questions.step());
        questions.accept(&Form::parse(body.as_bytes()))
    }

    #[test]
    fn a_person_answers_one_question_after_another() {
        let mut questions = Questions::new("App".to_owned());
        assert!(questions.view().0.contains("data-step=\"terms\""));
        assert_eq!(post(&mut questions, ""), Answered::More);
        assert_eq!(post(&mut questions, "name="), Answered::More);
        assert!(questions.view().0.contains("data-step=\"person\""));
        assert_eq!(post(&mut questions, "name=Leslie"), Answered::More);
        // The same form once more.
        assert_eq!(questions.accept(&Form::parse(b"step=2&name=Other")), Answered::More);
        let all = post(&mut questions, "document=own");
        assert_eq!(all, Answered::All { name: "Leslie".to_owned(), own_document: true });
        assert_eq!(post(&mut questions, "action=cancel"), Answered::More);
    }

    #[test]
    fn a_person_can_leave_and_show_what_is_not_theirs() {
        let mut questions = Questions::new("App".to_owned());
        assert_eq!(post(&mut questions, "action=cancel"), Answered::Cancelled);
        let mut questions = Questions::new("App".to_owned());
        post(&mut questions, "");
        post(&mut questions, "name=Leslie");
        let all = post(&mut questions, "document=foreign");
        assert_eq!(all, Answered::All { name: "Leslie".to_owned(), own_document: false });
    }
}
