using System.Reflection;
using AnalogTorch.Core;
using CsCheck;

namespace AnalogTorch.Laws;

/// <summary>Configs with random members: whatever the guards let pass, of any variant that the catalog knows.</summary>
public static class RandomConfig
{
    /// <summary>Configs of one type.</summary>
    public static Gen<HardwareConfig> Of(Type type) => Gen.ULong.Select(seed => Make(type, new(new(seed)), isNear: false));

    /// <summary>
    /// Configs of one type whose members do not contradict each other, as a function of the stream: the default one, and in turn ones about it, with
    /// numbers from half to twice of what they are, and ones of whatever the guards let pass.
    /// </summary>
    public static IEnumerable<T> Legal<T>(Type type, Rng rng) where T : HardwareConfig
    {
        yield return (T)Activator.CreateInstance(type)!;
        for (var i = 0L; ; i++)
        {
            var config = Make(type, new(rng.Split(i)), isNear: i % 2 == 0);
            if (IsLegal(config))
                yield return (T)config;
        }
    }

    private static bool IsLegal(HardwareConfig config)
    {
        try
        {
            config.CheckAll();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Properties that a config file may set.</summary>
    public static IEnumerable<PropertyInfo> Settings(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    /// <summary>A copy of a config, as <c>with</c> makes one.</summary>
    public static HardwareConfig Copy(HardwareConfig config) =>
        (HardwareConfig)config.GetType().GetMethod("<Clone>$")!.Invoke(config, null)!;

    /// <summary>Sets a property as an object initialiser would, and lets the guard's own exception through.</summary>
    public static void Set(HardwareConfig config, PropertyInfo property, object? value)
    {
        try
        {
            property.SetValue(config, value);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            throw e.InnerException;
        }
    }

    private static HardwareConfig Make(Type type, Dice dice, bool isNear)
    {
        var config = (HardwareConfig)Activator.CreateInstance(type)!;
        foreach (var property in Settings(type))
            Change(config, property, dice, isNear);
        return config;
    }

    private static void Change(HardwareConfig config, PropertyInfo property, Dice dice, bool isNear)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            try
            {
                Set(config, property, Value(property.PropertyType, property.GetValue(config)!, dice, isNear));
                return;
            }
            catch (ArgumentOutOfRangeException)
            {
                // Outside this member's range; the next try is elsewhere.
            }
        }
    }

    private static object Value(Type type, object current, Dice dice, bool isNear) => current switch
    {
        double number when isNear => Near(number, dice),
        double number => Number(number, dice),
        int number when isNear => (int)Math.Round(number * Math.Pow(2, 2 * dice.Next() - 1)),
        int => (int)(Math.Pow(10, 6 * dice.Next()) * (dice.Next() < 0.1 ? -1 : 1)),
        Enum => Enum.GetValues(type).GetValue((int)(dice.Next() * Enum.GetValues(type).Length))!,
        ValueList<float> => new ValueList<float>(Enumerable.Range(0, 4).Select(_ => (float)(dice.Next() - 0.5))),
        HardwareConfig => Any(type, dice, isNear),
        _ => throw new NotSupportedException($"Say here how to make a random {type.Name}."),
    };

    private static double Near(double current, Dice dice) => current == 0 ? dice.Next() - 0.5 : current * Math.Pow(2, 2 * dice.Next() - 1);

    private static double Number(double current, Dice dice) => dice.Next() switch
    {
        < 0.1 => 0,
        < 0.5 => current * (0.5 + dice.Next()),
        < 0.8 => dice.Next() * 2 - 1,
        _ => Math.Pow(10, 12 * dice.Next() - 8),
    };

    private static HardwareConfig Any(Type family, Dice dice, bool isNear)
    {
        var variants = family.IsAbstract ? Catalog.Variants(family) : [family];
        return Make(variants[(int)(dice.Next() * variants.Count)], dice, isNear);
    }

    private sealed class Dice(Rng rng)
    {
        private long rolls;

        public double Next() => (rng.Split(rolls++).Key >> 11) * Math.Pow(2, -53);
    }
}
