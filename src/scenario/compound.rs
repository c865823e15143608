//! Notations of values that are made of others: what may be absent, must be given, or is a table or a list of
//! tables.

use super::context::{Context, Whose};
use super::node::{Field, Node, Table, TableEntry};
use super::notation::{DeclaredTable, Notation};
use super::setting::Takes;
use serde_json::Value;

/// What may be absent.
pub(super) struct Maybe<N>(pub N);

impl<T, N: Notation<T>> Notation<Option<T>> for Maybe<N> {
    fn takes(&self) -> Takes {
        self.0.takes()
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<Option<T>> {
        self.0.read(cx, field).map(Some)
    }
    fn echo(&self, value: &Option<T>) -> Value {
        value.as_ref().map_or(Value::Null, |value| self.0.echo(value))
    }
    fn faster(&self, value: &mut Option<T>, factor: f64) {
        value.iter_mut().for_each(|value| self.0.faster(value, factor));
    }
}

/// What is left out of the echo while it is as nobody wrote it.
pub(super) struct Unspoken<N>(pub N);

impl<T: Default + PartialEq, N: Notation<T>> Notation<T> for Unspoken<N> {
    fn takes(&self) -> Takes {
        self.0.takes()
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<T> {
        self.0.read(cx, field)
    }
    fn echo(&self, value: &T) -> Value {
        if *value == T::default() { Value::Null } else { self.0.echo(value) }
    }
    fn faster(&self, value: &mut T, factor: f64) {
        self.0.faster(value, factor);
    }
}

/// What must be given, as in an example.
pub(super) struct Required<N>(pub N, pub &'static str);

impl<T, N: Notation<T>> Notation<T> for Required<N> {
    fn takes(&self) -> Takes {
        self.0.takes()
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<T> {
        self.0.read(cx, field)
    }
    fn echo(&self, value: &T) -> Value {
        self.0.echo(value)
    }
    fn faster(&self, value: &mut T, factor: f64) {
        self.0.faster(value, factor);
    }
    fn example(&self) -> Option<&'static str> {
        Some(self.1)
    }
}

/// A list of tables; whose it is goes into sentences, with what to write in place of a number.
pub(super) struct ListOf(pub &'static str, pub &'static str);

impl<T: DeclaredTable> Notation<Vec<T>> for ListOf {
    fn takes(&self) -> Takes {
        Takes::Tables(T::keys)
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<Vec<T>> {
        let super::node::Value::List(_) = field.node.value else {
            let what = format!("`{}` must be a list of tables", field.key);
            let told = super::problem::Problem::error(field.node.at, what)
                .label(format!("this is {}", field.node.kind()));
            cx.tell(told.help(format!("write [{{ … }}, …], or {}", self.1)));
            return None;
        };
        let nodes = cx.list(field)?;
        let each = nodes.iter().map(|node| TableOf(self.0).read(cx, Field { key: field.key, node }));
        let read: Vec<Option<T>> = each.collect();
        read.into_iter().collect()
    }
    fn echo(&self, value: &Vec<T>) -> Value {
        value.iter().map(|table| TableOf(self.0).echo(table)).collect()
    }
    fn faster(&self, value: &mut Vec<T>, factor: f64) {
        value.iter_mut().for_each(|table| table.faster(factor));
    }
}

/// A table, or what its setting of this name takes alone; whose it is goes into sentences.
pub(super) struct TableOr(pub &'static str, pub &'static str);

impl<T: DeclaredTable> Notation<T> for TableOr {
    fn takes(&self) -> Takes {
        Takes::TableOr(T::keys, self.1)
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<T> {
        if matches!(field.node.value, super::node::Value::Table(_)) {
            return TableOf(self.0).read(cx, field);
        }
        let at = field.node.at;
        let alone = TableEntry { key: self.1.into(), at, node: field.node.clone() };
        let node = Node { value: super::node::Value::Table(Table(vec![alone])), at };
        TableOf(self.0).read(cx, Field { key: field.key, node: &node })
    }
    fn echo(&self, value: &T) -> Value {
        TableOf(self.0).echo(value)
    }
    fn faster(&self, value: &mut T, factor: f64) {
        value.faster(factor);
    }
}

/// A table inside a table; whose it is goes into sentences.
pub(super) struct TableOf(pub &'static str);

impl<T: DeclaredTable> Notation<T> for TableOf {
    fn takes(&self) -> Takes {
        Takes::Table(T::keys)
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<T> {
        let table = cx.table(field, &T::keys())?;
        let mut inner = T::default();
        let whose = Whose { what: self.0, name: field.key, at: field.node.at };
        inner.read(cx, table, &whose).then_some(inner)
    }
    fn echo(&self, value: &T) -> Value {
        Value::Object(value.echo().into_iter().filter(|(_, value)| !value.is_null()).collect())
    }
    fn faster(&self, value: &mut T, factor: f64) {
        value.faster(factor);
    }
}
