namespace AnalogTorch.Cells;

/// <summary>The life of one cell of more and less significant pairs, after Ambrogio et al., Nature 558:60 (2018): the equations one by one, in siemens.</summary>
/// <remarks>Devices that neither scatter nor drift, transfers at their interval that take no time and read exactly, and a reference of this cell alone.</remarks>
internal sealed class MspLspWitness(MspLspCell cell, IMeanElement g, IMeanElement shared) : CellWitness
{
    private double gPlus, gMinus;
    private long examples, transfers, leaked;

    /// <inheritdoc/>
    public override double Weight => Siemens / cell.SiemensPerWeight;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, double Value)> Observables => [("G⁺", gPlus), ("G⁻", gMinus), ("g", g.Seen)];

    private double Polarity => cell.Polarity.Sign(transfers);

    // W = F·(G⁺ − G⁻) + p·(g − g_ref).
    private double Siemens => cell.Gain * gPlus - cell.Gain * gMinus + Polarity * g.Seen - Polarity * shared.Seen;

    /// <inheritdoc/>
    public override void Write(double target) => Program(target * cell.SiemensPerWeight);

    /// <inheritdoc/>
    public override void Example(int pulses, TrainingRates rates)
    {
        // A pulse that is to raise the weight raises g while it counts positively.
        for (var left = Math.Abs(pulses); left > 0; left--)
            g.Pulse(up: Math.Sign(pulses) == Math.Sign(Polarity));
        examples++;
        var transfer = examples % cell.TransferEvery == 0;
        if (transfer || examples % cell.LeakEvery == 0)
        {
            g.Pass((examples - leaked) * cell.ExampleTime);
            shared.Pass((examples - leaked) * cell.ExampleTime);
            leaked = examples;
        }
        if (!transfer)
            return;
        var held = Siemens; // at the old polarity
        transfers++;
        Program(held);
    }

    private void Program(double weight)
    {
        g.Reset();
        shared.Reset();
        var share = weight - cell.Offset.LeftToLsp((int)Polarity) - Polarity * (g.Seen - shared.Seen);
        var (above, below) = cell.Offset.Leaves((int)Polarity);
        var wanted = share > above && share < below ? 0 : share / cell.Gain;
        gPlus = cell.Writer.Expected(wanted > 0 ? wanted + cell.Writer.Residue : 0);
        gMinus = cell.Writer.Expected(wanted < 0 ? cell.Writer.Residue - wanted : 0);
        shared.Value += cell.Offset.ReferenceRaise / cell.Capacitor.Transconductance;
        for (var round = 0; round < cell.CorrectionRounds; round++)
        {
            var steps = (weight - Siemens) / (cell.Capacitor.Transconductance * cell.Capacitor.VoltageStep);
            var pulses = (int)Math.Round(Math.Clamp(steps, -cell.MaxCorrectionPulses, cell.MaxCorrectionPulses));
            for (var left = Math.Abs(pulses); left > 0; left--)
                g.Pulse(up: Math.Sign(pulses) == Math.Sign(Polarity));
        }
    }
}
