using System.Reflection;
using AnalogTorch.Core;

namespace AnalogTorch.Examples.Torture;

/// <summary>Configs with random members, as far out as their guards let them be, of any variant that the catalog knows.</summary>
internal sealed class ExtremeConfig(Rng rng)
{
    private static readonly double[] Extremes = [0, 1e-320, 1e-300, 1e-30, 1e-12, 1e-6, 1e-3, 0.5, 1, 2, 1e3, 1e6, 1e12, 1e30, 1e300, double.MaxValue];
    private static readonly int[] Whole = [0, 1, 2, 3, 7, 31, 63, 64, 255, 1000, 65_536, 1_000_000, int.MaxValue];
    private long rolls;

    /// <summary>A config of a type.</summary>
    public T Of<T>() where T : HardwareConfig => (T)Make(typeof(T));

    private double Next() => (rng.Split(rolls++).Key >> 11) * Math.Pow(2, -53);

    private int Next(int count) => (int)(Next() * count);

    private HardwareConfig Make(Type type)
    {
        var config = (HardwareConfig)Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
            if (Next() < 0.7)
                Change(config, property);
        return config;
    }

    private void Change(HardwareConfig config, PropertyInfo property)
    {
        for (var attempt = 0; attempt < 6; attempt++)
        {
            try
            {
                property.SetValue(config, Value(property.PropertyType, property.GetValue(config)!));
                return;
            }
            catch (TargetInvocationException refusal) when (refusal.InnerException is ArgumentException)
            {
                // Outside this member's range; the next try is elsewhere.
            }
        }
    }

    private object Value(Type type, object current) => current switch
    {
        double number => Next(3) == 0 ? number * Math.Pow(10, 4 * Next() - 2) : (Next(8) == 0 ? -1 : 1) * Extremes[Next(Extremes.Length)],
        int => Whole[Next(Whole.Length)],
        bool => Next(2) == 0,
        Enum => Enum.GetValues(type).GetValue(Next(Enum.GetValues(type).Length))!,
        ValueList<float> list => new ValueList<float>(list.Select(value => Next(4) == 0 ? (float)Math.Min(Extremes[Next(Extremes.Length)], float.MaxValue) : value)),
        HardwareConfig => Any(type),
        _ => throw new NotSupportedException($"Say here how to make a random {type.Name}."),
    };

    private HardwareConfig Any(Type family)
    {
        var variants = (family.IsAbstract ? Catalog.Variants(family) : [family]).Where(type => type.Assembly == typeof(HardwareConfig).Assembly).ToArray();
        return Make(variants[Next(variants.Length)]);
    }
}
