-- Deep Dream for darktable: export pictures to it, and their dreams come back grouped with them.
--
-- `dreamlayer-plugin darktable` puts it into the folder "lua" of darktable's settings, and adds to the
-- file "luarc" there:
--
--     require "dreamlayer"
--
-- Then "Deep Dream" is a target storage of the export module. docs/editors.md tells the rest.

local dt = require "darktable"

-- How dreamlayer is started; the installer writes the Python that it was called with.
local COMMAND = { "dreamlayer" }

local NAME = "dreamlayer"
local TITLE = "Deep Dream"
local WINDOWS = dt.configuration.running_os == "windows"
local SEPARATOR = WINDOWS and "\\" or "/"

-- Presets of your own, and others, can be typed.
local PRESETS = {
  "default", "draft", "gentle",
  "animals", "eyes", "feathers", "fur", "puppies", "spots",
  "branches", "flowers", "forest", "leaves", "mushrooms", "roses",
  "arches", "hills", "towers",
  "bubbles", "ripples", "stones", "swirls", "weave",
}

dt.preferences.register(
  NAME, "program", "string",
  TITLE .. ": program",
  "the program dreamlayer, by its whole path; empty for the one that installed this",
  ""
)

local function chosen_preset()
  local kept = dt.preferences.read(NAME, "preset", "string")
  return kept ~= "" and kept or PRESETS[1]
end

local preset = dt.new_widget("combobox") {
  label = "preset",
  tooltip = "what to dream; a preset of your own can be typed",
  editable = true,
  value = 1,
  changed_callback = function(self)
    if self.value and self.value ~= "" then
      dt.preferences.write(NAME, "preset", "string", self.value)
    end
  end,
  table.unpack(PRESETS),
}
preset.value = chosen_preset()

-- One argument as the system's shell takes it.
local function quoted(text)
  if WINDOWS then
    -- In a batch file, where a percent sign begins a variable.
    return '"' .. text:gsub('"', ""):gsub("%%", "%%%%") .. '"'
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- A name beside the original that nothing has yet: IMG_1-dream.tif, IMG_1-dream-2.tif, ...; and
-- whether it is held by a file.
local function result_path(folder, exported)
  local stem = exported:match("([^/\\]+)%.[^.]*$")
  local path = folder .. SEPARATOR .. stem .. "-dream.tif"
  local number = 1
  while exists(path) do
    number = number + 1
    path = folder .. SEPARATOR .. stem .. "-dream-" .. number .. ".tif"
  end
  -- An empty file keeps the name, so that another export meanwhile takes the next one. On Windows
  -- names beyond the system's code page would become other ones.
  local file = not WINDOWS and io.open(path, "ab")
  if file then
    file:close()
  end
  return path, file
end

-- Run a command, which does not keep darktable waiting; true where it succeeds.
local function run(command, beside)
  if not WINDOWS then
    return dt.control.execute(command) == 0
  end
  -- Only a batch file takes names beyond the system's code page.
  local batch = beside .. ".bat"
  local file = io.open(batch, "wb")
  if not file then
    return false
  end
  file:write("@echo off\r\nchcp 65001 >nul\r\n" .. command .. "\r\n")
  file:close()
  local code = dt.control.execute('""' .. batch .. '""')
  os.remove(batch)
  return code == 0
end

-- The beginning of the command: the program that was named, or else the installer's.
local function program()
  local named = dt.preferences.read(NAME, "program", "string")
  if named ~= "" then
    return quoted(named)
  end
  local words = {}
  for number, word in ipairs(COMMAND) do
    words[number] = quoted(word)
  end
  return table.concat(words, " ")
end

-- What went wrong, in one sentence, by what was said on standard error.
local function reason(log)
  local last = ""
  for line in io.lines(log) do
    if line:match("%S") then
      last = line:gsub("\r$", "")
    end
  end
  local sentence = last:match("^[^:]*dreamlayer: (.*)")
  if sentence then
    return sentence
  end
  return "dreamlayer does not run (" .. last .. "); run dreamlayer-plugin darktable again, or name "
    .. "the program in preferences > Lua options"
end

-- Dream on an exported picture: the path of the result, or nil and why there is none.
local function dream(exported, folder)
  local target, held = result_path(folder, exported)
  local log = exported .. ".log"
  local command = table.concat({
    program(), "dream", quoted(exported), "-o", quoted(target),
    "--preset", quoted(chosen_preset()), "--quiet", "2>", quoted(log),
  }, " ")
  local worked = run(command, exported)
  local why = nil
  if not worked then
    why = exists(log) and reason(log) or "the folder of temporary files is not writable"
  end
  if held and not worked then
    os.remove(target)
  end
  os.remove(log)
  return worked and target or nil, why
end

-- Called by darktable for each picture that it has exported to a temporary file.
local function store(_, image, _, exported, number, total, _, extra)
  dt.print(string.format("%s: %d of %d, %s", TITLE, number, total, image.filename))
  local target, why = dream(exported, image.path)
  os.remove(exported)
  if not target then
    extra.failed = (extra.failed or 0) + 1
    extra.why = image.filename .. ": " .. why
    dt.print_error(extra.why)
    return
  end
  local result = dt.database.import(target)
  result:group_with(image)
  dt.tags.attach(dt.tags.create(NAME), result)
  extra.made = (extra.made or 0) + 1
end

-- Called once all pictures are done.
local function finalize(_, _, extra)
  local made, failed = extra.made or 0, extra.failed or 0
  if failed == 0 then
    dt.print(string.format("%s: %d %s", TITLE, made, made == 1 and "picture" or "pictures"))
  else
    dt.print(string.format("%s: %d done, %d failed; %s", TITLE, made, failed, extra.why))
  end
end

-- TIFF alone: it keeps 16 bits and floats, as chosen in the export module below the format.
local function supported(_, format)
  return format.plugin_name == "tiff"
end

dt.register_storage(NAME, TITLE, store, finalize, supported, nil, preset)
