using System.Globalization;
using System.Runtime.CompilerServices;

namespace AnalogTorch.Core;

/// <summary>The parameters of one piece of simulated hardware, as an immutable value.</summary>
/// <remarks>
/// A config holds hardware only: never a time, a seed, a torch device, a thread count or a path. Every sealed record
/// below this type has a public parameterless constructor whose defaults are physically meaningful; <c>with</c> is the
/// way to change one. A value outside its range is refused where it is set.
/// </remarks>
public abstract record HardwareConfig
{
    /// <summary>Refuses a value outside [<paramref name="min"/>, <paramref name="max"/>], and NaN.</summary>
    protected double Within(double value, double min, double max, [CallerMemberName] string member = "") =>
        value >= min && value <= max
            ? value
            : throw OutOfRange(member, value, string.Create(CultureInfo.InvariantCulture, $"in [{min}, {max}]"));

    /// <summary>Refuses an integer outside [<paramref name="min"/>, <paramref name="max"/>].</summary>
    protected int Within(int value, int min, int max, [CallerMemberName] string member = "") =>
        value >= min && value <= max ? value : throw OutOfRange(member, value, $"in [{min}, {max}]");

    /// <summary>Refuses zero, negative values, infinities and NaN.</summary>
    protected double Positive(double value, [CallerMemberName] string member = "") =>
        value > 0 && double.IsFinite(value) ? value : throw OutOfRange(member, value, "finite and greater than 0");

    /// <summary>Refuses negative values, infinities and NaN.</summary>
    protected double NotNegative(double value, [CallerMemberName] string member = "") =>
        value >= 0 && double.IsFinite(value) ? value : throw OutOfRange(member, value, "finite and at least 0");

    /// <summary>Refuses infinities and NaN.</summary>
    protected double Finite(double value, [CallerMemberName] string member = "") =>
        double.IsFinite(value) ? value : throw OutOfRange(member, value, "finite");

    /// <summary>Refuses numbers that no name of the enum stands for.</summary>
    protected TEnum Named<TEnum>(TEnum value, [CallerMemberName] string member = "") where TEnum : struct, Enum =>
        Enum.IsDefined(value) ? value : throw OutOfRange(member, value, $"one of {string.Join(", ", Enum.GetNames<TEnum>())}");

    /// <summary>Refuses null: every slot of a config is filled, and "off" is a type of its own.</summary>
    protected T NotNull<T>(T? value, [CallerMemberName] string member = "") where T : class =>
        value ?? throw new ArgumentNullException(member, $"{GetType().Name}.{member} must not be null.");

    /// <summary>Checks this config and all configs that it holds for members that contradict each other.</summary>
    public void CheckAll()
    {
        (this as ICrossChecked)?.Check();
        foreach (var property in GetType().GetProperties())
            if (property.PropertyType.IsAssignableTo(typeof(HardwareConfig)))
                ((HardwareConfig)property.GetValue(this)!).CheckAll();
    }

    private ArgumentOutOfRangeException OutOfRange(string member, IFormattable value, string rule) =>
        new(member, string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}.{member} must be {rule}, but is {value}."));
}

/// <summary>A config whose members must fit one another; checked when hardware is built from it.</summary>
public interface ICrossChecked
{
    /// <summary>Throws <see cref="ArgumentException"/> with one sentence when two members contradict each other.</summary>
    void Check();
}
