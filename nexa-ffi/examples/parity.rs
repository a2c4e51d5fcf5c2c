//! Runs a parity scenario through the facade and writes its transcript: what the other languages are compared with.
//!
//! `cargo run -p nexa-ffi --features json --example parity -- <scenario.json> <transcript>`

#![allow(clippy::indexing_slicing, reason = "JSON gives null for what is not there")]
#![allow(clippy::print_stderr, reason = "a command-line program speaks by printing")]

use std::any::Any;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use nexa_ffi::Error;
use nexa_ffi::json::{Arguments, Called, Value, no_method};
use nexa_ffi::nexa::Handle;
use nexa_ffi::{
    audit, devices, enrolment, events, gateways, identity, ipam, nexa, policy, runtime, sealed, settings,
    tunnel, wireguard,
};
use serde_json::{Map, Value as Json, json};

type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [scenario, transcript] = arguments.as_slice() else {
        eprintln!("usage: parity <scenario.json> <transcript>");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(scenario, transcript)),
        Err(cause) => Err(cause.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{scenario}: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run(scenario: &str, transcript: &str) -> Outcome<()> {
    let text = std::fs::read_to_string(scenario).map_err(|cause| cause.to_string())?;
    let scenario: Json = serde_json::from_str(&text).map_err(|cause| cause.to_string())?;
    let mut saved = BTreeMap::new();
    let mut lines = String::new();
    for (number, step) in (1..).zip(scenario["steps"].as_array().into_iter().flatten()) {
        let line =
            play(step, &mut saved).await.map_err(|reason| format!("step {number}: {step}: {reason}"))?;
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    std::fs::write(transcript, lines).map_err(|cause| cause.to_string())
}

async fn play(step: &Json, saved: &mut BTreeMap<String, Value>) -> Outcome<Json> {
    let op = step["op"].as_str().ok_or("no op")?;
    match call(op, step, saved).await? {
        Ok(value) => {
            let shown = shown(step, &value);
            if step.get("expect_error").is_some() {
                return Err(format!("gave {shown}"));
            }
            if let Some(expected) = step.get("expect") {
                check(&resolved(expected, saved)?, &plain(&value))?;
            }
            if let Some(name) = step["save"].as_str() {
                saved.insert(name.to_owned(), value);
            }
            Ok(json!({ "op": op, "result": shown }))
        }
        Err(error) => {
            let error = serde_json::to_value(&*error.0).map_err(|cause| cause.to_string())?;
            let expected = step.get("expect_error").ok_or_else(|| format!("failed: {error}"))?;
            check(expected, &error)?;
            Ok(json!({ "op": op, "error": error }))
        }
    }
}

/// The inner result is the call's own.
async fn call(op: &str, step: &Json, saved: &BTreeMap<String, Value>) -> Outcome<Result<Value, Error>> {
    let (class, method) = op.split_once('.').ok_or("an op is Class.method")?;
    let mut arguments = Arguments::default();
    for (name, argument) in step["args"].as_object().into_iter().flatten() {
        arguments.0.insert(name.clone(), argument_value(argument, saved)?);
    }
    let outcome = match step["on"].as_str() {
        None => construct(class, method, &mut arguments).await,
        Some(name) => {
            let Some(Value::Object(_, object)) = saved.get(name) else {
                return Err(format!("no object was saved as {name}"));
            };
            call_on(class, method, Arc::clone(object), &mut arguments).await
        }
    };
    if outcome.is_ok() {
        arguments.finish().map_err(|error| error.to_string())?;
    }
    match outcome {
        Err(error) if error.0.code.starts_with("json.") => Err(error.to_string()),
        outcome => Ok(outcome),
    }
}

async fn construct(class: &str, method: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    match class {
        "Nexa" => nexa::Nexa::construct(method, arguments).await,
        "Secret" => wireguard::Secret::construct(method, arguments).await,
        "PrivateKey" => wireguard::PrivateKey::construct(method, arguments).await,
        "Conf" => wireguard::Conf::construct(method, arguments).await,
        "Tunnel" => tunnel::Tunnel::construct(method, arguments).await,
        "CancelHandle" => runtime::CancelHandle::construct(method, arguments).await,
        _ => Err(no_method(class)),
    }
}

async fn call_on(
    class: &str,
    method: &str,
    object: Arc<dyn Any + Send + Sync>,
    arguments: &mut Arguments,
) -> Result<Value, Error> {
    macro_rules! on {
        ($($name:literal = $ty:ty $(, $domain:ident)?;)*) => {
            match class {
                $($name => {
                    let object = on!(@object object, $ty $(, $domain)?)?;
                    <$ty>::call(&object, method, arguments).await
                })*
                _ => Err(no_method(class)),
            }
        };
        (@object $object:ident, $ty:ty) => { $object.downcast::<$ty>().map_err(|_| no_method(class)) };
        (@object $object:ident, $ty:ty, $domain:ident) => {
            $object.downcast::<Handle>().map(|handle| handle.$domain()).map_err(|_| no_method(class))
        };
    }
    on! {
        "Identity" = identity::Identity, identity;
        "Devices" = devices::Devices, devices;
        "Gateways" = gateways::Gateways, gateways;
        "Enrolment" = enrolment::Enrolment, enrolment;
        "Ipam" = ipam::Ipam, ipam;
        "Settings" = settings::Settings, settings;
        "Sealing" = sealed::Sealing, sealing;
        "Policies" = policy::Policies, policy;
        "Audit" = audit::Audit, audit;
        "Events" = events::Events, events;
        "Handle" = Handle;
        "Nexa" = nexa::Nexa;
        "SignedIn" = identity::SignedIn;
        "Enrolled" = enrolment::Enrolled;
        "EventStream" = events::EventStream;
        "Secret" = wireguard::Secret;
        "PrivateKey" = wireguard::PrivateKey;
        "Profile" = wireguard::Profile;
        "Conf" = wireguard::Conf;
        "Tunnel" = tunnel::Tunnel;
        "TcpListener" = tunnel::TcpListener;
        "TcpStream" = tunnel::TcpStream;
        "CancelHandle" = runtime::CancelHandle;
    }
}

fn argument_value(argument: &Json, saved: &BTreeMap<String, Value>) -> Outcome<Value> {
    let name = argument.as_str().and_then(|text| text.strip_prefix('$'));
    match name.and_then(|name| saved.get(name)) {
        Some(object @ Value::Object(..)) => Ok(object.clone()),
        _ => Ok(Value::Json(resolved(argument, saved)?)),
    }
}

/// With what was saved in place of its names.
fn resolved(json: &Json, saved: &BTreeMap<String, Value>) -> Outcome<Json> {
    match json {
        Json::String(text) => match text.strip_prefix('$') {
            None => Ok(json.clone()),
            Some(path) => {
                let (name, field) = path.split_once('.').map_or((path, None), |(n, f)| (n, Some(f)));
                match (saved.get(name), field) {
                    (Some(Value::Json(value)), Some(field)) => Ok(value[field].clone()),
                    (Some(Value::Json(value)), None) => Ok(value.clone()),
                    _ => Err(format!("no value was saved as {name}")),
                }
            }
        },
        Json::Array(items) => items.iter().map(|item| resolved(item, saved)).collect(),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| Ok((name.clone(), resolved(field, saved)?)));
            fields.collect::<Outcome<Map<_, _>>>().map(Json::Object)
        }
        _ => Ok(json.clone()),
    }
}

fn check(expected: &Json, got: &Json) -> Outcome<()> {
    let holds = match (expected, got) {
        (Json::Object(expected), Json::Object(got)) => {
            return expected
                .iter()
                .try_for_each(|(name, value)| check(value, got.get(name).unwrap_or(&Json::Null)));
        }
        _ => expected == got,
    };
    if holds { Ok(()) } else { Err(format!("expected {expected}, got {got}")) }
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Json(json) => json.clone(),
        Value::Object(class, _) => Json::String(format!("<{class}>")),
    }
}

/// As the transcript shows it: what was revealed is not, unless the step says `show`, for a secret that is the same in
/// every run.
fn shown(step: &Json, value: &Value) -> Json {
    let reveals = step["op"].as_str().is_some_and(|op| op.ends_with(".reveal"));
    if reveals && step["show"] != true { Json::String("<revealed>".to_owned()) } else { plain(value) }
}
