using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>Analog tiles that send durations: an input is how long its line is on, an output is when its ramp meets what was integrated.</summary>
/// <remarks>
/// <para>
/// A read of a tile of R inputs and C outputs takes E = R·C·V²·G·t_on + R·e_row + C·(e_column + e_route), with G the conductance of a weight and t_on the
/// mean time that an input is on; elements that digital circuits work out take e_digital each. A read from the output side changes R and C in
/// their parts.
/// </para>
/// <para>
/// The design is that of H.-Y. Chang et al., "AI hardware acceleration with analog memory: microarchitectures for low energy at high speed", IBM
/// J. Res. Dev. 63 (2019): no converter between layers but duration and back. The equations and the constants e are
/// calibrated here, to give the published 15.2 and 14 TOP/s/W of its MNIST network and its 2×200 LSTM; only these outputs are the design's own. They are
/// stated for an average activity, for a unit cell of four devices, and for 8 bits. What follows says how other layers differ from that, and is assumed here.
/// </para>
/// <para>
/// Activity: a line whose inputs take the share a of their range, on average, is on for a/a₀ of t_on, with a₀ the <see cref="NominalActivity"/>; one whose
/// input is 0 is not charged. Devices: with d of them a weight, the area of a cell is d/4 of the unit cell's, and so are the halves of e_row, e_column and of the
/// circuits' areas that charge a line or hold its charge; with s digits a weight an output has s lines of d/s devices. Bits: the other halves are counters
/// and ramps, whose energy is in proportion to 2^bits and whose area to bits.
/// </para>
/// <para>
/// Time from input to result: T = T_window + T_ramp·2^(bits − 8) + (n − 1)·T_sum for n results that are added digitally, of tiles along a line and digits
/// of a weight. A window that has no room for 2^bits steps of the ramp's clock grows, and what is on in it too. The longest of the three is the time
/// from result to result, as
/// layers and parts of a read work at the same time on different samples.
/// </para>
/// </remarks>
public abstract record DurationHardware : HardwareCost
{
    /// <summary>Factor of 14 nm on energies of circuits designed in 90 nm: capacitance with the node, and the square of the supply, 0.8 V for 1.2 V.</summary>
    internal const double CircuitScaleOf14nm = 14.0 / 90 * (0.8 / 1.2) * (0.8 / 1.2);

    /// <summary>Energy of an element that digital circuits in 90 nm work out (J); calibrated here.</summary>
    internal const double DigitalEnergyOf90nm = 18e-12;

    private const double DevicesOfUnitCell = 4, BitsOfConstants = 8;
    private const double LineShare = 0.5; // of a circuit's energy and area that is its line's; the rest is its counter and ramp
    private const int MostBits = 24;

    /// <summary>Largest tile; a larger matrix takes several, whose sums are added by digital circuits.</summary>
    public TileSize Size { get; init => field = NotNull(value); } = new UnlimitedSize();

    /// <summary>Conductance of a weight.</summary>
    public ArrayConductance Conductance { get; init => field = NotNull(value); } = new MeasuredConductance();

    /// <summary>Voltage over the devices in a read.</summary>
    [Unit("V")]
    public double ReadVoltage { get; init => field = NotNegative(value); } = 0.2;

    /// <summary>Mean time that an input is on, at the nominal activity and 8 bits.</summary>
    [Unit("s")]
    public double OnTime { get; init => field = NotNegative(value); } = 43 * Units.ns;

    /// <summary>The mean |input| for which <see cref="OnTime"/> is stated, as a share of the range: 43 ns of a window of 80 ns, all of which a full input takes.</summary>
    [Unit("1")]
    public double NominalActivity { get; init => field = Positive(value); } = 43.0 / 80;

    /// <summary>Energy of an input line's driver for a read, of four devices a weight and 8 bits; calibrated here.</summary>
    [Unit("J")]
    public double RowEnergy { get; init => field = NotNegative(value); } = 1.0e-12;

    /// <summary>Energy of an output line's integrator, ramp and comparator for a read, of four devices a weight and 8 bits; calibrated here.</summary>
    [Unit("J")]
    public double ColumnEnergy { get; init => field = NotNegative(value); } = 22e-12;

    /// <summary>Bits of an input whose layer has no converter of its own.</summary>
    [Unit("1")]
    public int InputBits { get; init => field = Within(value, 1, MostBits); } = (int)BitsOfConstants;

    /// <summary>Bits of an output whose layer has no converter of its own.</summary>
    [Unit("1")]
    public int OutputBits { get; init => field = Within(value, 1, MostBits); } = (int)BitsOfConstants;

    /// <summary>Energy to send an output's duration over a metre; calibrated here.</summary>
    [Unit("J/m")]
    public double RoutingEnergy { get; init => field = NotNegative(value); } = 2.5e-12 / 5e-3;

    /// <summary>How far durations are sent.</summary>
    [Unit("m")]
    public double RoutingDistance { get; init => field = NotNegative(value); } = 5e-3;

    /// <summary>Energy of an element that digital circuits work out; calibrated here.</summary>
    [Unit("J")]
    public double DigitalEnergy { get; init => field = NotNegative(value); } = DigitalEnergyOf90nm;

    /// <summary>Factor on the energies of lines, routing and digital circuits, of a smaller node.</summary>
    [Unit("1")]
    public double CircuitScale { get; init => field = NotNegative(value); } = 1;

    /// <summary>Energy of an update pulse, the charging of one gate: some fF at 1 V; assumed here.</summary>
    [Unit("J")]
    public double UpdatePulseEnergy { get; init => field = NotNegative(value); } = 10e-15;

    /// <summary>Energy of a programming pulse of a phase-change device: some 100 µA at 1 V for 50 ns; assumed here.</summary>
    [Unit("J")]
    public double ProgrammingPulseEnergy { get; init => field = NotNegative(value); } = 5e-12;

    /// <summary>Energy of a byte that a digital buffer of a training rule is read or written for, before the circuits are scaled.</summary>
    /// <remarks>10 pJ for 8 bytes of a memory of 8 kB in 45 nm: M. Horowitz, ISSCC 2014.</remarks>
    [Unit("J")]
    public double BufferEnergy { get; init => field = NotNegative(value); } = 1.25e-12;

    /// <summary>Time that currents are integrated; 80 ns as for the resistive processing units of T. Gokmen and Y. Vlasov, Front. Neurosci. 10:333 (2016).</summary>
    [Unit("s")]
    public double IntegrationTime { get; init => field = NotNegative(value); } = 80 * Units.ns;

    /// <summary>Time of a ramp of 8 bits: 2⁸ steps of a clock of 6.25 GHz, which counts the durations of inputs too; assumed here.</summary>
    [Unit("s")]
    public double RampTime { get; init => field = NotNegative(value); } = 256 * 0.16 * Units.ns;

    /// <summary>Time to add one more result of another tile, or digit, to a sum: a cycle of 1 GHz; assumed here.</summary>
    [Unit("s")]
    public double SumTime { get; init => field = NotNegative(value); } = 1 * Units.ns;

    /// <summary>Time of an update; as long as a read.</summary>
    [Unit("s")]
    public double UpdateTime { get; init => field = NotNegative(value); } = 80 * Units.ns;

    /// <summary>Devices of a weight, for layers that are in no array yet: two pairs.</summary>
    [Unit("1")]
    public double DevicesPerWeight { get; init => field = NotNegative(value); } = 4;

    /// <summary>Most copies of an array that is read more than once a sample, such as that of a convolution.</summary>
    [Unit("1")]
    public int Copies { get; init => field = Within(value, 1, int.MaxValue); } = 1;

    /// <summary>What a unit cell of four devices takes up; calibrated here.</summary>
    [Unit("m2")]
    public abstract double CellArea { get; init; }

    /// <summary>What the circuits of an input line take up; calibrated here.</summary>
    [Unit("m2")]
    public abstract double RowArea { get; init; }

    /// <summary>What the circuits of an output line take up; calibrated here.</summary>
    [Unit("m2")]
    public abstract double ColumnArea { get; init; }

    /// <summary>The design with outputs of another resolution; a layer whose own hardware has converters keeps those.</summary>
    /// <param name="bits">Bits of an output.</param>
    public DurationHardware WithBits(int bits) => this with { OutputBits = bits };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<CostComponent> DataDependent => [CostComponent.Array, CostComponent.Drivers, CostComponent.Update, CostComponent.Programming];

    /// <inheritdoc/>
    public sealed override LayerCost Of(CensusLayer layer, long samples)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var energy = new Dictionary<CostComponent, double>();
        var digital = layer.DigitalElements + layer.DigitalMultiplyAccumulates;
        if (!layer.IsArray)
        {
            energy[CostComponent.Digital] = digital * CircuitScale * DigitalEnergy;
            return new(layer, energy, 0, 0, 0, 0);
        }
        var load = layer.DevicesPerWeight(DevicesPerWeight) / DevicesOfUnitCell;
        var (forward, backward) = (Works(layer with { TransposedReads = 0, Updates = 0 }), Works(layer with { Reads = 0, Updates = 0 }));
        var updates = Works(layer with { Reads = 0, TransposedReads = 0 });
        energy[CostComponent.Array] = layer.Weights * ReadVoltage * ReadVoltage * Conductance.Of(layer)
            * (layer.Reads * OnTimeOf(layer.Forward) + layer.TransposedReads * OnTimeOf(layer.Backward));
        energy[CostComponent.Drivers] = CircuitScale * RowEnergy
            * (forward.Drives * Row(layer.Forward, load) + backward.Drives * Row(layer.Backward, load) + updates.Drives * Row(new(), load));
        energy[CostComponent.Converters] = CircuitScale * ColumnEnergy
            * (forward.Conversions * Column(layer.Forward, load / layer.Slices) + backward.Conversions * Column(layer.Backward, load / layer.Slices)
                + layer.Rule.LineReads * layer.Outputs * Column(layer.Forward, load / layer.Slices));
        energy[CostComponent.Routing] = (forward.Conversions + backward.Conversions) * CircuitScale * RoutingEnergy * RoutingDistance;
        energy[CostComponent.Digital] = (digital + forward.Sums + backward.Sums + layer.Rule.Operations) * CircuitScale * DigitalEnergy + layer.Rule.BufferBytes * CircuitScale * BufferEnergy;
        energy[CostComponent.Update] = layer.UpdatePulses * UpdatePulseEnergy;
        energy[CostComponent.Programming] = layer.ProgrammingPulses * ProgrammingPulseEnergy;
        var copies = Math.Clamp(layer.Reads / samples, 1, Copies);
        var parts = TileWork.Parts(layer, Size);
        var (first, second) = (Times(layer.Forward, parts.Forward), Times(layer.Backward, parts.Backward));
        var devices = layer.Devices > 0 ? layer.Devices : (long)Math.Ceiling(layer.Weights * DevicesPerWeight);
        return new(
            layer, energy, (layer.Reads * first.Sum() + layer.TransposedReads * second.Sum() + layer.Updates * UpdateTime) / copies,
            copies * AreaOf(layer, forward.Tiles, load), copies * devices, copies * forward.Tiles, TileWork.Of(layer, Size))
        {
            Interval = (layer.Reads * first.Max() + layer.TransposedReads * second.Max() + layer.Updates * UpdateTime) / copies,
        };

        TileWork Works(CensusLayer part) => TileWork.Of(part, Size);
    }

    /// <summary>2^bits, over that of the constants.</summary>
    private static double Steps(double bits) => Math.Pow(2, bits - BitsOfConstants);

    private double In(ArrayRead read) => read.InputBits ?? InputBits;

    private double Out(ArrayRead read) => read.OutputBits ?? OutputBits;

    /// <summary>Time that currents are integrated, which must have room for the steps of an input.</summary>
    private double Window(ArrayRead read) => Math.Max(IntegrationTime, RampTime * Steps(In(read)));

    private double OnTimeOf(ArrayRead read) =>
        OnTime * (read.Activity ?? NominalActivity) / NominalActivity * (IntegrationTime > 0 ? Window(read) / IntegrationTime : 1);

    private double Row(ArrayRead read, double load) => LineShare * load * (read.DrivenShare ?? 1) + (1 - LineShare) * Steps(In(read));

    private double Column(ArrayRead read, double load) => LineShare * load + (1 - LineShare) * Steps(Out(read));

    /// <summary>Window, ramp and sums of a read (s).</summary>
    private double[] Times(ArrayRead read, long parts) => [Window(read), RampTime * Steps(Out(read)), (parts - 1) * SumTime];

    private double AreaOf(CensusLayer layer, long tiles, double load)
    {
        var (inputs, outputs) = TileWork.Lines(layer, Size);
        var row = RowArea * (LineShare * load + (1 - LineShare) * In(layer.Forward) / BitsOfConstants);
        var column = ColumnArea * (LineShare * load + layer.Slices * (1 - LineShare) * Out(layer.Forward) / BitsOfConstants);
        // Tiles of a size are built whole; an array without one is as large as its matrix.
        return inputs == long.MaxValue || outputs == long.MaxValue
            ? layer.Weights * load * CellArea + layer.Groups * (layer.Inputs * row + layer.Outputs * column)
            : tiles * (inputs * outputs * load * CellArea + inputs * row + outputs * column);
    }
}
