-- Runs inside a real darktable: imports two pictures, exports them to Deep Dream, and writes down
-- what came of it, END last.

local dt = require "darktable"

local folder = os.getenv("TRIAL_FOLDER")
local out = io.open(folder .. "/result.txt", "w")

local function say(text)
  out:write(text .. "\n")
  out:flush()
end

local function trial()
  dt.control.sleep(2000)
  local images = {
    dt.database.import(folder .. "/photos/a b/one.jpg"),
    dt.database.import(folder .. "/photos/it's.jpg"),
  }
  -- The lighttable selects what it shows, and shows it a moment later.
  for _ = 1, 20 do
    dt.gui.selection(images)
    dt.control.sleep(500)
    if #dt.gui.selection() == #images then
      break
    end
  end
  dt.gui.action("lib/export/export", 0, "", "activate", 1.0)
  for _ = 1, 90 do
    dt.control.sleep(1000)
    if #images[1]:get_group_members() > 1 and #images[2]:get_group_members() > 1 then
      break
    end
  end
  for _, image in ipairs(images) do
    for _, member in ipairs(image:get_group_members()) do
      local tags = {}
      for _, tag in ipairs(dt.tags.get_tags(member)) do
        tags[#tags + 1] = tag.name
      end
      say(image.filename .. ": " .. member.filename .. " " .. table.concat(tags, " "))
    end
  end
end

dt.control.dispatch(function()
  local worked, why = pcall(trial)
  say(worked and "END" or why)
end)
