using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>What a device is measured against.</summary>
public abstract record Reference : HardwareConfig
{
    /// <summary>The reference values, of the shape of the values or one number; null for zero.</summary>
    /// <param name="device">What is measured.</param>
    /// <param name="planes">The elements, whose values stay what they are.</param>
    /// <param name="rng">A stream of its own.</param>
    public abstract Tensor? Draw(PulsedDevice device, ElementPlanes planes, Rng rng);

    /// <summary>The reference of a device without variation, in the device's unit.</summary>
    public abstract double Nominal(PulsedDevice device);
}

/// <summary>No reference: the value is the weight.</summary>
public sealed record ZeroReference : Reference
{
    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes, Rng rng) => null;

    /// <inheritdoc/>
    public override double Nominal(PulsedDevice device) => 0;
}

/// <summary>The middle of the device's nominal range.</summary>
public sealed record MidRangeReference : Reference
{
    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes, Rng rng) =>
        full(1, (float)((device.Range.Min + device.Range.Max) / 2), device: planes.Value.device);

    /// <inheritdoc/>
    public override double Nominal(PulsedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return (device.Range.Max + device.Range.Min) / 2;
    }
}

/// <summary>The value at which an up and a down step of the element are equally large, as a calibration would write it into the reference.</summary>
/// <remarks>
/// For soft bounds (s_up − s_down)/(s_up/b_max − s_down/b_min), as in IBM aihwkit and Rasch et al., Nature Communications 15:7133 (2024), 0 for an
/// element that does
/// not move at all; for other devices by bisection. What the calibration misses is <see cref="Offset"/> and <see cref="Spread"/>.
/// </remarks>
public sealed record SymmetryPointReference : Reference
{
    /// <summary>Mean of what references are off, relative to half the device's range.</summary>
    [Unit("1")]
    public double Offset { get; init => field = Finite(value); }

    /// <summary>Standard deviation of what references are off from device to device, relative to half the device's range (σ_r).</summary>
    [Unit("1")]
    public double Spread { get; init => field = NotNegative(value); }

    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(planes);
        using var scope = NewDisposeScope();
        var points = device is SoftBounds ? Of(planes.Up, planes.Down, planes.Min, planes.Max) : SymmetryPoint.Of(device, planes);
        var half = (device.Range.Max - device.Range.Min) / 2;
        if (Spread != 0)
            points = points + Noise.Normal(rng, planes.Value.shape, planes.Value.device).mul_((float)(Spread * half));
        if (Offset != 0)
            points = points + (float)(Offset * half);
        return points.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double Nominal(PulsedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var off = Offset * (device.Range.Max - device.Range.Min) / 2;
        // Where (1 + β)·(1 − w/max) = (1 − β)·(1 − w/min).
        var bias = (device as BoundedDevice)?.UpDownBias ?? 0;
        return device is SoftBounds
            ? off + (bias == 0 ? 0 : 2 * bias / ((1 + bias) / device.Range.Max - (1 - bias) / device.Range.Min))
            : off + (SymmetryPoint.Of(device) ?? 0);
    }

    private static Tensor Of(Tensor up, Tensor down, Tensor min, Tensor max) => ((up - down) / (up / max - down / min)).nan_to_num_(0);
}

/// <summary>What alternating up and down pulses leave in every element: the symmetry point, with the error of the procedure that finds it.</summary>
/// <remarks>The procedure of Kim et al. (IEDM 2019) and Rasch et al., Nature Communications 15:7133 (2024): see <see
/// cref="SymmetryPoint.Find"/>.</remarks>
public sealed record AlternatingPulseReference : Reference
{
    /// <summary>Pairs of an up and a down pulse; several times the number of states of the device.</summary>
    [Unit("1")]
    public int Pairs { get; init => field = Within(value, 1, 100_000); } = 200;

    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes, Rng rng) => SymmetryPoint.Find(device, planes, Pairs, rng);

    /// <inheritdoc/>
    public override double Nominal(PulsedDevice device) => SymmetryPoint.Of(device) ?? 0;
}
