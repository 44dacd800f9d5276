//! Which module uses which, read from the source: modules use only those below them, and folders do not use each other
//! in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use syn::{
    Attribute, ItemMod, ItemUse, UseTree,
    visit::{self, Visit},
};

/// The shared modules from the bottom up: none uses a later one, or anything else of the server.
const SHARED: [&str; 22] = [
    "settings",
    "lifecycle",
    "values",
    "clock",
    "error",
    "db",
    "outgoing",
    "local_postgres",
    "secrets",
    "custom",
    "access",
    "http",
    "list",
    "external_ids",
    "change",
    "audit",
    "telemetry",
    "edge",
    "mail",
    "files",
    "jobs",
    "openapi",
];

/// The modules that assemble and run the server, from the bottom up. Each may use all earlier ones and every slice.
const TOP: [&str; 11] =
    ["logging", "app", "config", "setup", "background", "demo", "seed", "welcome", "server", "commands", "cli"];

/// For each module at the top of `src`: the ones that it uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// Collects the first segment after `crate::` of every path.
struct Collector<'a>(&'a mut BTreeSet<String>);

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn names(tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Path(path) => vec![path.ident.to_string()],
        UseTree::Name(name) => vec![name.ident.to_string()],
        UseTree::Rename(rename) => vec![rename.ident.to_string()],
        UseTree::Glob(_) => Vec::new(),
        UseTree::Group(group) => group.items.iter().flat_map(names).collect(),
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if let UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.0.extend(names(&path.tree));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter().map(|segment| &segment.ident);
        if segments.next().is_some_and(|first| first == "crate") {
            self.0.extend(segments.next().map(ToString::to_string));
        }
        visit::visit_path(self, path);
    }
}

fn read(path: &Path, module: &str, uses: &mut Uses) {
    for entry in fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
        let stem = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = if module.is_empty() { stem.as_str() } else { module };
        if entry.is_dir() {
            read(&entry, module, uses);
        } else if entry.extension().is_some_and(|extension| extension == "rs") && !["lib", "main"].contains(&module) {
            let file = syn::parse_file(&fs::read_to_string(&entry).unwrap()).unwrap();
            Collector(uses.entry(module.to_owned()).or_default()).visit_file(&file);
        }
    }
}

fn uses() -> Uses {
    let mut uses = Uses::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut uses);
    let known: BTreeSet<String> = uses.keys().cloned().collect();
    for (module, used) in &mut uses {
        used.retain(|name| name != module && known.contains(name));
    }
    uses
}

/// The height of a module; all slices have the same height.
fn height(module: &str) -> usize {
    let slices = SHARED.len();
    let shared = SHARED.iter().position(|name| *name == module);
    let top = TOP.iter().position(|name| *name == module).map(|at| slices + 1 + at);
    shared.or(top).unwrap_or(slices)
}

#[test]
fn arrows_point_down() {
    let uses = uses();
    for name in SHARED.iter().chain(&TOP) {
        assert!(uses.contains_key(*name), "there is no module {name}");
    }
    let up: Vec<String> = uses
        .iter()
        .flat_map(|(module, used)| used.iter().map(move |used| (module, used)))
        .filter(|(module, used)| height(used) > height(module))
        .map(|(module, used)| format!("{module} uses {used}"))
        .collect();
    assert!(up.is_empty(), "{up:#?}");
}

/// All modules that `module` uses, directly or indirectly.
fn reached<'a>(uses: &'a Uses, module: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(module) = next.pop() {
        for used in &uses[module] {
            if reached.insert(used.as_str()) {
                next.push(used);
            }
        }
    }
    reached
}

#[test]
fn no_folders_stand_in_a_circle() {
    let uses = uses();
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for module in uses.keys() {
        let around: Vec<&str> = reached(&uses, module)
            .into_iter()
            .filter(|other| reached(&uses, other).contains(module.as_str()))
            .collect();
        if around.len() > 1 {
            circles.insert(around);
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}
