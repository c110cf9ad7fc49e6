-- A stand-in for darktable's Lua API that knows only what dreamlayer.lua calls; it exports nothing,
-- imports by name alone, and runs commands by os.execute. It prints what the script does with it.

local stored = {}

local function said(...)
  print(table.concat({ ... }, "\t"))
end

local dt = {
  configuration = { running_os = os.getenv("DT_SYSTEM") or "linux" },
  preferences = {
    register = function(_, name, kind, _, _, default) stored[name] = stored[name] or default; said("preference", name, kind) end,
    read = function(_, name) return stored[name] or "" end,
    write = function(_, name, _, value) stored[name] = value end,
  },
  control = {
    execute = function(command)
      said("command", command)
      local worked, _, code = os.execute(command)
      return worked and 0 or code
    end,
  },
  database = {
    import = function(path)
      said("import", path)
      return { path = path, group_with = function(_, image) said("group", image.filename) end }
    end,
  },
  tags = {
    create = function(name) return name end,
    attach = function(tag) said("tag", tag) end,
  },
  print = function(text) said("print", text) end,
  print_error = function(text) said("error", text) end,
}

function dt.new_widget()
  return function(settings)
    return settings
  end
end

function dt.register_storage(name, title, store, finalize, supported, _, widget)
  said("storage", name, title)
  said("tiff", tostring(supported(nil, { plugin_name = "tiff" })))
  said("jpeg", tostring(supported(nil, { plugin_name = "jpeg" })))
  said("presets", table.concat(widget, " "))
  if os.getenv("DT_PRESET") then
    widget.value = os.getenv("DT_PRESET")
    widget.changed_callback(widget)
  end
  local extra = {}
  for number = 1, #arg, 2 do
    local folder, name_ = arg[number]:match("(.*)/([^/]*)")
    local image = { path = folder, filename = name_ }
    store(nil, image, nil, arg[number + 1], (number + 1) // 2, #arg // 2, true, extra)
  end
  finalize(nil, {}, extra)
end

return dt
