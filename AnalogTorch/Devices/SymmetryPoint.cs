using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>The value at which an up and a down step of an element are equally large, to which alternating pulses bring it.</summary>
public static class SymmetryPoint
{
    private const int Halvings = 30; // of the range: below the rounding of a float

    /// <summary>The symmetry point of a device without variation, in its own unit; null if it has none.</summary>
    /// <remarks>A device whose steps are alike at its start value has it there. One that up pulses move farther everywhere, or that goes one way
    /// only, has none.</remarks>
    /// <param name="device">The device.</param>
    public static double? Of(PulsedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var mean = MeanElement(device);
        if (IsZero(mean.Value))
            return mean.Up > 0 && mean.Down > 0 && HasBothDirections(device) ? mean.Value : null;
        var (low, high) = (mean.Min, mean.Max);
        if (!HasBothDirections(device) || Excess(low) <= 0 || Excess(high) >= 0)
            return null;
        for (var i = 0; i < 2 * Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Excess(middle) > 0 ? (middle, high) : (low, middle);
        }
        return (low + high) / 2;

        double Excess(double value) => device.StepMoments(mean with { Value = value }, isUpward: true).Mean + device.StepMoments(mean with { Value = value }, isUpward: false).Mean;

        bool IsZero(double value) => Math.Abs(Excess(value)) < 1e-6 * device.NominalStep;
    }

    /// <summary>Whether pulses of either direction move a device, from the middle of its range.</summary>
    /// <param name="device">The device.</param>
    public static bool HasBothDirections(PulsedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var mean = MeanElement(device) with { Value = (device.Range.Min + device.Range.Max) / 2 };
        if (device is GatedCapacitor capacitor)
            mean = mean with { Value = capacitor.StartVoltage };
        return device.StepMoments(mean, isUpward: true).Mean > 0 && device.StepMoments(mean, isUpward: false).Mean < 0;
    }

    /// <summary>The symmetry points of manufactured elements, in the caller's dispose scope.</summary>
    /// <remarks>By bisection of the mean steps between the bounds of each element; one whose steps do not cross there gets the bound that it runs to,
    /// one without steps 0.</remarks>
    /// <param name="device">What they are.</param>
    /// <param name="planes">Their parameters.</param>
    public static Tensor Of(PulsedDevice device, ElementPlanes planes)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(planes);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var search = new Search(planes);
        device.Accept(search);
        return search.Found.MoveToOuterDisposeScope();
    }

    /// <summary>The procedure: alternating up and down pulses, after which every element is near its symmetry point; gives the values, in the caller's dispose scope.</summary>
    /// <remarks>
    /// A pair of pulses of soft bounds shrinks the distance by δ·(1/w_max + 1/|w_min|)-fold of itself (Kim et al., IEDM 2019; Rasch et al. 2024), so
    /// that some hundred pairs per
    /// hundred states are needed; what is left are half a step of the last pulse, and the cycle noise of about as many pulses as a device has states.
    /// </remarks>
    /// <param name="device">What they are.</param>
    /// <param name="planes">Their parameters; the values stay what they are.</param>
    /// <param name="pairs">Pairs of pulses.</param>
    /// <param name="rng">The stream of the cycle noise.</param>
    public static Tensor Find(PulsedDevice device, ElementPlanes planes, int pairs, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(planes);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var value = planes.Value.clone();
        var target = new PulseTarget { Planes = planes with { Value = value, Memory = planes.Memory?.clone() }, Weights = zeros_like(value) };
        var (up, down) = (full_like(value, 1, ScalarType.Int32), full_like(value, -1, ScalarType.Int32));
        var engine = Engines.For(value.device);
        for (var pair = 0; pair < pairs; pair++)
        {
            device.Accept(engine.Pulse(target, up, rng.Split(2L * pair)));
            device.Accept(engine.Pulse(target, down, rng.Split(2L * pair + 1)));
        }
        return value.MoveToOuterDisposeScope();
    }

    private static ElementState MeanElement(PulsedDevice device)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var planes = device.Manufacture(new Rng(1), [16, 16]); // their means are good to a few percent, which moves no point from one side of a bound to the other
        var (up, down) = device is BoundedDevice or ResponseDevice ? Nominal(device) : (Mean(planes.Up), Mean(planes.Down));
        var (min, max) = device is BoundedDevice or ResponseDevice ? device.Range : (Mean(planes.Min), Mean(planes.Max));
        return new(Mean(planes.Value), planes.Memory is null ? 0 : 1, up, down, min, max, Mean(planes.Offset));

        static double Mean(Tensor plane) => plane.to(ScalarType.Float64).mean().item<double>();
    }

    private static (double Up, double Down) Nominal(PulsedDevice device) => device switch
    {
        BoundedDevice bounded => (bounded.DwMin * (1 + bounded.UpDownBias), bounded.DwMin * (1 - bounded.UpDownBias)),
        ResponseDevice response => (response.Step * (1 + response.UpDownBias), response.Step * (1 - response.UpDownBias)),
        _ => (device.NominalStep, device.NominalStep),
    };

    private sealed class Search(ElementPlanes planes) : IPulseStepVisitor
    {
        public Tensor Found { get; private set; } = null!;

        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            var cell = new Cell<TensorLane>((Tensor)planes.Up, (Tensor)planes.Down, (Tensor)planes.Min, (Tensor)planes.Max, (Tensor)planes.Offset);
            var device = planes.Value.device;
            TensorLane median = full(1, draw == PulseDraw.Uniform ? 0.5f : 0f, device: device);
            TensorLane fresh = ones(1, device: device);
            var (low, high) = (cell.Min.Value.expand_as(planes.Value), cell.Max.Value.expand_as(planes.Value));
            for (var i = 0; i < Halvings; i++)
            {
                var middle = (low + high) * 0.5f;
                var rises = step.Up(middle, fresh, cell, median).Value + step.Down(middle, fresh, cell, median).Value > 0;
                (low, high) = (where(rises, middle, low), where(rises, high, middle));
            }
            var start = planes.Value;
            var atStart = step.Up(start, fresh, cell, median).Value + step.Down(start, fresh, cell, median).Value == 0;
            Found = where(atStart, start, (low + high) * 0.5f);
        }
    }
}
