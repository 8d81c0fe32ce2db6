//! A JSON value with something else in one place.

use serde_json::Value;

/// The value with something else, or nothing, at a JSON pointer that exists in it.
pub fn with(value: &Value, pointer: &str, replacement: Option<Value>) -> Value {
    let mut value = value.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(parent).unwrap(), replacement) {
        (Value::Object(object), Some(replacement)) => {
            object.insert(key, replacement);
        }
        (Value::Object(object), None) => {
            object.remove(&key).expect("the example has this field");
        }
        (Value::Array(array), Some(replacement)) => {
            array[key.parse::<usize>().unwrap()] = replacement;
        }
        (other, _) => panic!("no field or element at {pointer} of {other}"),
    }
    value
}

/// The JSON pointers to every value in a body, the body itself (an empty pointer) first.
pub fn pointers(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(array) => array.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below = inner.into_iter().flat_map(|(key, value)| {
        let below = pointers(value).into_iter();
        below.map(move |pointer| format!("/{key}{pointer}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}
