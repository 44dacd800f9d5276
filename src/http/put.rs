//! A body that creates a resource, or changes the one that is there already: which of both is known only once it was looked
//! for.

use std::{future::Future, marker::PhantomData, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Description, Takes, body::Body, context::as_caller_writes, strict::Object};
use crate::{
    error::{Error, FieldError, Result},
    values::{Invalid, PhoneRegion, Say, from_region, region},
};

/// What is read from the members of an object.
pub trait FromMembers: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// 400 for unknown members, 422 naming each member with a value that it cannot have.
    fn from_members(members: Map<String, Value>) -> Result<Self>;

    /// Whether it has a member of this name.
    fn has_member(name: &str) -> bool;
}

/// The body that creates what `N` describes. Of what is there already, it changes the members that it has.
pub struct Put<N> {
    members: Map<String, Value>,
    /// The region of the caller's telephone numbers.
    region: Option<PhoneRegion>,
    of: PhantomData<fn() -> N>,
}

impl<N: FromMembers> Put<N> {
    /// Adds `item` to the list `member`, unless the list has it. A change of other members leaves the list alone.
    pub fn with_item(&mut self, member: &str, item: &Value, creates: bool) {
        let list = match self.members.get_mut(member) {
            None if !creates => return,
            None => self.members.entry(member).or_insert_with(|| Value::Array(Vec::new())),
            Some(list) => list,
        };
        if let Value::Array(items) = list
            && !items.contains(item)
        {
            items.push(item.clone());
        }
    }

    /// As what creates the resource.
    ///
    /// # Errors
    /// As [`FromMembers::from_members`].
    pub fn creation(self) -> Result<N> {
        from_region(self.region, || N::from_members(self.members))
    }

    /// As a change of `row`, the JSON of what is there. What only a creation takes must be as it is, except those of `ignored`.
    ///
    /// # Errors
    /// As [`FromMembers::from_members`].
    pub fn change<C: FromMembers>(self, row: &Value, ignored: &[&str]) -> Result<C> {
        let Self { members, region, .. } = self;
        let (fixed, members): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(name, _)| N::has_member(name) && !C::has_member(name));
        let is_other = |(name, value): &(&String, &Value)| {
            let now = row.get(name.as_str());
            !value.is_null() && !ignored.contains(&name.as_str()) && now.is_some_and(|now| now != *value)
        };
        let wrong: Vec<FieldError> = fixed.iter().filter(is_other).map(|(name, _)| unchangeable(name)).collect();
        let change = from_region(region, || C::from_members(members));
        if wrong.is_empty() {
            return change;
        }
        Err(Error::fields(wrong.into_iter().chain(change.err().map(Error::into_fields).unwrap_or_default()).collect()))
    }
}

fn unchangeable(name: &str) -> FieldError {
    let say = Say::new(
        "Only a creation takes this, and it is something else already.",
        "Это задаётся только при создании, и сейчас здесь другое значение.",
    );
    FieldError::new(format!("/{name}"), Invalid::Rule("not_changeable", say))
}

impl<N: FromMembers> FromRequest for Put<N> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let object = Body::<Object>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let Object(members) = object.await?.0;
            Ok(Self { members, region: as_caller_writes(&request, region), of: PhantomData })
        })
    }
}

impl<N: ToSchema> Takes for Put<N> {
    fn describe(description: &mut Description) {
        description.body::<N>("application/json");
    }
}
